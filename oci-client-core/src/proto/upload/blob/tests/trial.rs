use super::*;
use crate::proto::testing::granted;

#[test]
fn one_of_many_finds_out_whether_content_comes_with_the_post_and_the_others_wait() {
    let (stage, put) = (&mut Stage::new(), "PUT /u?digest=D <- blob 0..5");
    let (mut first, mut second) = (upload(5), upload(5));
    first.rows(stage, [(start(), OPEN_WITH_CONTENT)]);
    second.rows(stage, [(start(), "wait")]);
    assert!(!second.is_called(stage));
    first.rows(stage, [(session_at("/u"), put)]);
    assert!(second.is_called(stage));
    second.rows(stage, [(granted(), OPEN)]);
    // A third one has nothing to wait for.
    upload(5).rows(stage, [(start(), OPEN)]);
}

#[test]
fn one_that_waited_in_vain_does_not_wait_again() {
    // The first was interrupted, or does not get on.
    for told in [Some(interrupted()), None] {
        let stage = &mut Stage::new();
        let (mut first, mut second) = (upload(5), upload(5));
        first.rows(stage, [(start(), OPEN_WITH_CONTENT)]);
        second.rows(stage, [(start(), "wait")]);
        if let Some(told) = told {
            first.rows(stage, [(told, OPEN_WITH_CONTENT)]);
            assert!(second.is_called(stage));
        }
        second.rows(stage, [(granted(), OPEN)]);
    }
}

#[test]
fn one_whose_leader_was_dropped_takes_over() {
    let stage = &mut Stage::new();
    let (mut first, mut second) = (upload(5), upload(5));
    first.rows(stage, [(start(), OPEN_WITH_CONTENT)]);
    second.rows(stage, [(start(), "wait")]);
    drop(first);
    stage.host.sweep();
    assert!(second.is_called(stage));
    second.rows(stage, [(granted(), OPEN_WITH_CONTENT)]);
}
