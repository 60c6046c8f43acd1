use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, failed, head, hello_digest, refused, refuses_all_but, session, start};

fn machine() -> HeadBlob {
    HeadBlob::new("a/b".parse().unwrap(), hello_digest())
}

#[test]
fn rp7_every_answer() {
    let answers = [
        (head(200, &[("content-length", "5")]), "done true"),
        (head(307, &[("location", "https://cdn.test/x")]), "done true"),
        (head(304, &[]), "done true"),
        (refused(404), "done false"),
        (head(204, &[]), "failed Protocol: makes no sense"),
        (refused(403), "failed Denied"),
        (refused(405), "failed Unsupported"),
        (refused(500), "failed Server"),
        (failed(TransportErrorKind::Timeout), "failed Timeout"),
    ];
    for (told, expected) in answers {
        let (mut actor, mut stage) = (Actor::new(machine()), Stage::new());
        actor.rows(&mut stage, [(start(), "HEAD /v2/a/b/blobs/D"), (told, expected)]);
    }
}

#[test]
fn rp7_a_size_is_compared_where_one_is_told() {
    let sized = |size: &'static str| head(200, &[("content-length", size)]);
    let answers = [
        (sized("5"), "done true"),
        (sized("6"), "failed Mismatch: has 6 bytes instead of 5"),
        (sized("0"), "done true"),
        (sized("many"), "done true"),
        (head(200, &[]), "done true"),
        (
            head(307, &[("location", "https://cdn.test/x"), ("content-length", "6")]),
            "done true",
        ),
        (refused(404), "done false"),
    ];
    for (told, expected) in answers {
        let (mut actor, mut stage) = (Actor::new(machine().expecting(5)), Stage::new());
        actor.rows(&mut stage, [(start(), "HEAD /v2/a/b/blobs/D"), (told, expected)]);
    }
}

#[test]
fn a_redirect_is_not_followed_within_a_session() {
    let location = [("location", "https://cdn.test/x")];
    for status in [301, 302, 303, 307, 308] {
        let (mut actor, mut stage) = (session(machine(), &["pull"]), Stage::new());
        actor.rows(
            &mut stage,
            [
                (start(), "HEAD /v2/a/b/blobs/D"),
                (head(status, &location), "done true"),
            ],
        );
    }
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| Actor::new(machine()));
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = Actor::new(machine());
        actor.rows(stage, [(start(), "HEAD…")]);
        actor
    });
}
