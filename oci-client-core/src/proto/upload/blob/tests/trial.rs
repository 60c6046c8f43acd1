use super::*;
use crate::proto::testing::granted;

const LED: &str = "POST /v2/a/b/blobs/uploads/?mount=D&from=a%2Fb&digest=D <- blob 0..50000";

#[test]
fn one_of_many_finds_out_whether_content_comes_with_the_post_and_the_others_wait() {
    let (stage, put) = (&mut Stage::new(), "PUT /u?digest=D <- blob 0..50000");
    let (mut first, mut second) = (upload(50_000), upload(50_000));
    first.rows(stage, [(start(), LED)]);
    second.rows(stage, [(start(), "wait")]);
    assert!(!second.is_called(stage));
    first.rows(stage, [(session_at("/u"), put)]);
    assert!(second.is_called(stage));
    second.rows(stage, [(granted(), OPEN)]);
    // A third one has nothing to wait for.
    upload(50_000).rows(stage, [(start(), OPEN)]);
}

#[test]
fn one_that_waited_in_vain_does_not_wait_again() {
    // The first was interrupted, or does not get on.
    for told in [Some(interrupted()), None] {
        let stage = &mut Stage::new();
        let (mut first, mut second) = (upload(50_000), upload(50_000));
        first.rows(stage, [(start(), LED)]);
        second.rows(stage, [(start(), "wait")]);
        if let Some(told) = told {
            first.rows(stage, [(told, LED)]);
            assert!(second.is_called(stage));
        }
        second.rows(stage, [(granted(), OPEN)]);
    }
}

#[test]
fn one_whose_leader_was_dropped_takes_over() {
    let stage = &mut Stage::new();
    let (mut first, mut second) = (upload(50_000), upload(50_000));
    first.rows(stage, [(start(), LED)]);
    second.rows(stage, [(start(), "wait")]);
    drop(first);
    stage.host.sweep();
    assert!(second.is_called(stage));
    second.rows(stage, [(granted(), LED)]);
}

#[test]
fn what_fits_into_the_first_flight_of_a_connection_waits_for_nobody() {
    let stage = &mut Stage::new();
    let mut first = upload(50_000);
    first.rows(stage, [(start(), LED)]);
    upload(14 << 10).rows(stage, [(start(), &LED.replace("50000", "14336"))]);
    upload((14 << 10) + 1).rows(stage, [(start(), "wait")]);
    // It teaches as much as the one that leads.
    let mut tiny = upload(5);
    tiny.rows(
        stage,
        [
            (start(), OPEN_WITH_CONTENT),
            (session_at("/u"), "PUT /u?digest=D <- blob 0..5"),
        ],
    );
    upload(5).rows(stage, [(start(), OPEN)]);
}
