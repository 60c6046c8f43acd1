use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, failed, head, hello_digest, refused, refuses_all_but, start};

const MOUNT: &str = "POST /v2/a/b/blobs/uploads/?mount=D&from=c%2Fd";

fn mount() -> Mount {
    Mount::new("a/b".parse().unwrap(), hello_digest(), "c/d".parse().unwrap())
}

#[test]
fn cb20_cb21_201_is_mounted_and_202_a_session() {
    Actor::new(mount()).rows(&mut Stage::new(), [(start(), MOUNT), (head(201, &[]), "done Taken")]);
    let session = head(202, &[("location", "/u")]);
    Actor::new(mount()).rows(&mut Stage::new(), [(start(), MOUNT), (session, "done Opened…")]);
    let wrong = format!("sha256:{}", "0".repeat(64));
    Actor::new(mount()).rows(
        &mut Stage::new(),
        [
            (start(), MOUNT),
            (head(201, &[("docker-content-digest", &*wrong)]), "failed Mismatch"),
        ],
    );
}

#[test]
fn cb20_a18_any_refusal_is_one_to_mount_only() {
    for status in [400, 401, 403, 404, 405, 413, 500, 501] {
        Actor::new(mount()).rows(&mut Stage::new(), [(start(), MOUNT), (refused(status), "done Refused")]);
    }
    for (status, fields) in [
        (200, &[][..]),
        (202, &[]),
        (202, &[("location", "https://evil.test/u")]),
        (204, &[]),
        (304, &[]),
    ] {
        Actor::new(mount()).rows(
            &mut Stage::new(),
            [(start(), MOUNT), (head(status, fields), "done Refused")],
        );
    }
    for (told, expected) in [
        (refused(429), "failed RateLimited"),
        (failed(TransportErrorKind::Reset), "failed Transport"),
    ] {
        Actor::new(mount()).rows(&mut Stage::new(), [(start(), MOUNT), (told, expected)]);
    }
}

#[test]
fn cb22_a_session_for_which_there_is_no_use_is_cancelled() {
    for answer in [head(204, &[]), refused(404), failed(TransportErrorKind::Reset)] {
        Actor::new(mount().or_nothing()).rows(
            &mut Stage::new(),
            [
                (start(), MOUNT),
                (head(202, &[("location", "/u?x")]), "DELETE /u?x"),
                (answer, "done Refused"),
            ],
        );
    }
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| Actor::new(mount()));
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = Actor::new(mount());
        actor.rows(stage, [(start(), MOUNT)]);
        actor
    });
}
