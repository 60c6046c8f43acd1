//! Uploads that are interrupted, refused in part, or lied to.

mod hosts;

use crate::proto::testing::{
    Actor, Stage, Told, body, failed, head, hello_digest, interrupted, interrupted_after, refused, refused_after,
    session, start,
};
use crate::proto::upload::Upload;
use crate::proto::{HostProfile, TransportErrorKind};

const OPEN: &str = "POST /v2/a/b/blobs/uploads/?mount=D&from=a%2Fb";
const MIB: u64 = 1 << 20;

fn upload(size: u64) -> Actor<Upload> {
    Actor::new(Upload::new("a/b".parse().unwrap(), hello_digest(), size))
}

fn opened(least: &str) -> Told {
    head(202, &[("location", "/u"), ("oci-chunk-min-length", least)])
}

fn at(status: u16, location: &str, range: &str) -> Told {
    head(status, &[("location", location), ("range", range)])
}

/// Small enough to count: parts of 4 bytes.
fn small() -> Stage {
    let profile = HostProfile::new("r.test".parse().unwrap());
    Stage::with(profile.with_small_blob(0).with_chunk(4))
}

/// 10 bytes, of which 5 are sent when it is interrupted.
fn interrupted_upload(stage: &mut Stage) -> Actor<Upload> {
    let mut actor = upload(10);
    actor.rows(
        stage,
        [
            (start(), OPEN),
            (opened(""), "PUT /u?digest=D <- blob 0..10"),
            (interrupted_after(5), "GET /u"),
        ],
    );
    actor
}

#[test]
fn cb10_cb12_cb13_cb14_cb15_an_interrupted_upload_goes_on_in_parts_where_the_session_is() {
    let stage = &mut small();
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u?n=1", "0-2"), "PATCH /u?n=1 (3-6) <- blob 3..7"),
            (at(202, "/u?n=2", "0-6"), "PATCH /u?n=2 (7-9) <- blob 7..10"),
            (at(202, "/u?n=3", "0-9"), "PUT /u?n=3&digest=D"),
            (head(201, &[]), "done Stored"),
        ],
    );
}

#[test]
fn everything_that_arrived_is_only_finished() {
    let stage = &mut small();
    let mut actor = upload(10);
    let put = "PUT /u?digest=D <- blob 0..10";
    actor.rows(
        stage,
        [
            (start(), OPEN),
            (opened(""), put),
            (interrupted_after(10), "GET /u"),
            (at(204, "/u", "0-9"), "PUT /u?digest=D"),
            (head(201, &[]), "done Stored"),
        ],
    );
}

#[test]
fn nothing_sent_is_nothing_to_ask_about() {
    let (stage, put) = (&mut small(), "PUT /u?digest=D <- blob 0..10");
    upload(10).rows(stage, [(start(), OPEN), (opened(""), put), (interrupted(), put)]);
}

/// The session has what it says if that is no more than was sent.
#[test]
fn p04_cb16_an_offset_is_trusted_only_if_it_can_be_right() {
    for (range, next) in [
        ("0-4", "PATCH /u (5-8) <- blob 5..9"),
        ("0--1", "PATCH /u (0-3) <- blob 0..4"),
        ("0-0", "PATCH /u (0-3) <- blob 0..4"),
        ("bytes=0-1", "PATCH /u (2-5) <- blob 2..6"),
        // More than was sent, or no offset at all: this session cannot be gone on with.
        ("0-5", "DELETE /u"),
        ("garbage", "DELETE /u"),
        ("", "DELETE /u"),
    ] {
        let stage = &mut small();
        interrupted_upload(stage).rows(stage, [(head(204, &[("range", range)]), next)]);
    }
    let stage = &mut small();
    interrupted_upload(stage).rows(
        stage,
        [
            (head(204, &[]), "DELETE /u"),
            (refused(404), OPEN),
            (opened(""), "PATCH /u (0-3) <- blob 0..4"),
        ],
    );
}

/// A part that was accepted for `k` bytes only is gone on with behind those.
#[test]
fn p04_what_was_not_taken_of_a_part_is_sent_again() {
    for (range, next) in [
        ("0-3", "PATCH /u (4-7) <- blob 4..8"),
        ("0-2", "PATCH /u (3-6) <- blob 3..7"),
        ("0-1", "PATCH /u (2-5) <- blob 2..6"),
        ("0--1", "PATCH /u (0-3) <- blob 0..4"),
        ("0-0", "PATCH /u (0-3) <- blob 0..4"),
        ("0-4", "PATCH /u (4-7) <- blob 4..8"),
        ("0-99", "PATCH /u (4-7) <- blob 4..8"),
        ("x", "PATCH /u (4-7) <- blob 4..8"),
    ] {
        for status in [200, 201, 202, 204] {
            let stage = &mut small();
            interrupted_upload(stage).rows(
                stage,
                [
                    (at(204, "/u", "0--1"), "PATCH /u (0-3) <- blob 0..4"),
                    (head(status, &[("range", range)]), next),
                ],
            );
        }
    }
}

#[test]
fn p04_three_replies_without_progress_are_an_error() {
    let (stage, patch) = (&mut small(), "PATCH /u (0-3) <- blob 0..4");
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u", "0--1"), patch),
            (at(202, "/u", "0--1"), patch),
            (at(202, "/u", "0--1"), patch),
            (at(202, "/u", "0--1"), "DELETE /u"),
            (head(204, &[]), "failed Protocol: takes no more"),
        ],
    );
}

/// ECR: parts are answered with 201, and `Range` stays where the first one ended.
#[test]
fn a_session_that_steps_back_is_followed_once() {
    let stage = &mut small();
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u", "0-3"), "PATCH /u (4-7) <- blob 4..8"),
            (interrupted_after(2), "GET /u"),
            (at(204, "/u", "0-1"), "PATCH /u (2-5) <- blob 2..6"),
            (interrupted_after(2), "GET /u"),
            (at(204, "/u", "0--1"), "PATCH /u (2-5) <- blob 2..6"),
        ],
    );
}

#[test]
fn p05_a_session_that_is_gone_is_replaced_once_and_the_rest_goes_in_parts() {
    for (status, expected) in [
        (404, "failed NotFound"),
        (400, "failed Refused"),
        (410, "failed Refused"),
    ] {
        let (stage, patch) = (&mut small(), "PATCH /u (0-3) <- blob 0..4");
        interrupted_upload(stage).rows(
            stage,
            [
                (refused(status), OPEN),
                (opened(""), patch),
                (interrupted_after(1), "GET /u"),
                (refused(status), "DELETE /u"),
                (refused(404), expected),
            ],
        );
    }
}

/// All of it was sent, the answer is lost, and so is the session: most likely it is a blob now.
#[test]
fn p05_a_blob_whose_answer_was_lost_is_looked_for() {
    for (answer, next) in [(head(200, &[]), "done Stored"), (refused(404), OPEN)] {
        let stage = &mut small();
        upload(10).rows(
            stage,
            [
                (start(), OPEN),
                (opened(""), "PUT /u?digest=D <- blob 0..10"),
                (interrupted_after(10), "GET /u"),
                (refused(404), "HEAD /v2/a/b/blobs/D"),
                (answer, next),
            ],
        );
    }
}

/// The same once the blob was begun anew: it is looked for then too before the upload counts as failed.
#[test]
fn p05_a_blob_whose_second_answer_was_lost_is_looked_for_too() {
    const LOOK: &str = "HEAD /v2/a/b/blobs/D";
    for (answer, last) in [(head(200, &[]), "done Stored"), (refused(404), "failed NotFound")] {
        let stage = &mut small();
        interrupted_upload(stage).rows(
            stage,
            [
                (refused(404), OPEN),
                (opened(""), "PATCH /u (0-3) <- blob 0..4"),
                (at(202, "/u", "0-3"), "PATCH /u (4-7) <- blob 4..8"),
                (at(202, "/u", "0-7"), "PATCH /u (8-9) <- blob 8..10"),
                (at(202, "/u", "0-9"), "PUT /u?digest=D"),
                (refused(404), LOOK),
                (answer, last),
            ],
        );
    }
}

#[test]
fn a_session_that_cannot_be_asked_is_an_error() {
    let stage = &mut small();
    interrupted_upload(stage).rows(stage, [(failed(TransportErrorKind::Tls), "failed Transport")]);
    let stage = &mut small();
    interrupted_upload(stage).rows(stage, [(refused(503), "DELETE /u"), (refused(503), "failed Server")]);
}

/// GHCR: parts of 4 MiB and more are refused with 416.
#[test]
fn cb15_a_416_about_the_place_is_followed() {
    let stage = &mut small();
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u", "0--1"), "PATCH /u (0-3) <- blob 0..4"),
            (refused_after(416, 4), "GET /u"),
            (at(204, "/u?n=2", "0-2"), "PATCH /u?n=2 (3-6) <- blob 3..7"),
        ],
    );
}

/// What a broken connection had brought was taken in only after the registry said how much it had.
#[test]
fn cb15_a_session_that_has_moved_on_since_it_was_asked_is_asked_again() {
    let stage = &mut small();
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u", "0-1"), "PATCH /u (2-5) <- blob 2..6"),
            (refused_after(416, 1), "GET /u"),
            (at(204, "/u", "0-4"), "PATCH /u (5-8) <- blob 5..9"),
        ],
    );
}

/// Google Artifact Registry takes no parts.
/// Artifactory keeps the last part only.
#[test]
fn ch2_a11_a_location_elsewhere_is_refused_in_any_reply() {
    let elsewhere = || head(202, &[("location", "https://evil.test/u"), ("range", "0-3")]);
    let stage = &mut small();
    interrupted_upload(stage).rows(stage, [(elsewhere(), "DELETE /u"), (refused(404), "failed UnsafeUrl")]);
    let stage = &mut small();
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u", "0--1"), "PATCH…"),
            (elsewhere(), "DELETE /u"),
            (refused(404), "failed UnsafeUrl"),
        ],
    );
}

/// Any number of interruptions is survived as long as something arrives between them; without that, the retries run out.
#[test]
fn what_has_arrived_is_a_new_beginning_for_the_retries() {
    let profile = HostProfile::new("r.test".parse().unwrap());
    let stage = &mut Stage::with(profile.with_small_blob(0).with_chunk(8));
    let mut actor = session(upload(128).into_machine(), &["pull", "push"]);
    actor.rows(stage, [(start(), OPEN), (opened(""), "PUT /u?digest=D <- blob 0..128")]);
    let cut = || {
        let error = crate::proto::TransportError::new(TransportErrorKind::Reset, "cut").into();
        let sent = crate::proto::Sent::new(8);
        Told::Input(crate::proto::Input::Failed { error, sent })
    };
    for round in 1..=12 {
        actor.rows(stage, [(cut(), "GET /u")]);
        let range = format!("0-{}", round * 8 - 1);
        let range = Told::Head(204, vec![("range", range)], crate::proto::Sent::default());
        actor.rows(stage, [(range, "PATCH…")]);
    }
    let stuck = || at(204, "/u", "0-95");
    actor.rows(stage, [(cut(), "GET /u"), (stuck(), "PATCH…")]);
    for _ in 0..3 {
        actor.rows(
            stage,
            [
                (cut(), "sleep…"),
                (crate::proto::testing::woken(), "GET /u"),
                (stuck(), "PATCH…"),
            ],
        );
    }
    actor.rows(stage, [(cut(), "failed Transport")]);
}

/// A token that expires in mid-upload costs what was under way: the whole is gone on with, a part sent again.
#[test]
fn p05_a_401_in_mid_upload_sends_no_more_than_that_part_again() {
    let stage = &mut small();
    let mut actor = session(upload(10).into_machine(), &["pull", "push"]);
    let challenge = || ("www-authenticate", "Basic realm=\"x\"");
    let unauthorized = |sent| crate::proto::testing::head_after(401, &[challenge()], crate::proto::Sent::new(sent));
    let signed = "[Basic u:p]";
    actor.rows(
        stage,
        [
            (start(), OPEN),
            (opened(""), "PUT /u?digest=D <- blob 0..10"),
            (unauthorized(5), "ask r.test/a/b"),
            (
                crate::proto::testing::credential("u", "p"),
                &*format!("GET /u {signed}"),
            ),
            (at(204, "/u", "0-2"), &*format!("PATCH /u (3-6) {signed} <- blob 3..7")),
        ],
    );
    let mut stage = small();
    let mut actor = session(upload(10).into_machine(), &["pull", "push"]);
    actor.rows(
        &mut stage,
        [
            (start(), OPEN),
            (opened(""), "PUT /u?digest=D <- blob 0..10"),
            (head(503, &[]), "buffer 65536"),
            (body(""), "sleep…"),
        ],
    );
}
