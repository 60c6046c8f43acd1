use oci_spec_types::TagOrDigest;

use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, body, failed, head, hello_digest, refused, refuses_all_but, session, start};

fn tag() -> Actor<Delete> {
    let tag = TagOrDigest::Tag("v1".parse().unwrap());
    Actor::new(Delete::manifest("a/b".parse().unwrap(), tag))
}

fn manifest() -> Actor<Delete> {
    let digest = TagOrDigest::Digest(hello_digest());
    Actor::new(Delete::manifest("a/b".parse().unwrap(), digest))
}

fn blob() -> Actor<Delete> {
    Actor::new(Delete::blob("a/b".parse().unwrap(), hello_digest()))
}

#[test]
fn cx1_each_thing_has_its_path() {
    let stage = &mut Stage::new();
    tag().rows(stage, [(start(), "DELETE /v2/a/b/manifests/v1")]);
    manifest().rows(stage, [(start(), "DELETE /v2/a/b/manifests/D")]);
    blob().rows(stage, [(start(), "DELETE /v2/a/b/blobs/D")]);
}

#[test]
fn cx1_any_success_is_one() {
    for status in [200, 202, 204] {
        let (mut actor, mut stage) = (blob(), Stage::new());
        actor.rows(&mut stage, [(start(), "DELETE…"), (head(status, &[]), "done ()")]);
    }
}

#[test]
fn cx1_refusals_are_told_apart() {
    let refusals = [
        (refused(404), "failed NotFound"),
        (refused(405), "failed Unsupported"),
        (refused(400), "failed Refused"),
        (head(304, &[]), "failed Protocol: makes no sense"),
        (failed(TransportErrorKind::Tls), "failed Transport"),
    ];
    for (told, expected) in refusals {
        tag().rows(&mut Stage::new(), [(start(), "DELETE…"), (told, expected)]);
    }
}

#[test]
fn cx1_a_400_may_say_that_deleting_is_not_offered() {
    for (code, expected) in [
        ("UNSUPPORTED", "failed Unsupported: 400"),
        ("DIGEST_INVALID", "failed Refused: 400"),
    ] {
        let rows = [
            (start(), "DELETE…"),
            (head(400, &[]), "buffer…"),
            (body(format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#)), expected),
        ];
        session(tag().into_machine(), &["delete", "pull"]).rows(&mut Stage::new(), rows);
    }
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| blob());
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = blob();
        actor.rows(stage, [(start(), "DELETE…")]);
        actor
    });
}
