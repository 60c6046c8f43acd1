use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, body, failed, head, hello_digest, refused, refuses_all_but, start};

const API: &str = "GET /v2/a/b/referrers/D";

const MANIFEST: &str = "GET /v2/a/b/manifests/D";

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn find() -> Actor<FindSubject> {
    Actor::new(FindSubject::new("a/b".parse().unwrap(), hello_digest()))
}

#[test]
fn cr11_where_the_registry_lists_referrers_there_is_nothing_to_tidy_up() {
    let stage = &mut Stage::new();
    let empty = r#"{"schemaVersion":2,"manifests":[]}"#;
    let rows = [
        (start(), API),
        (head(200, &[("content-type", INDEX)]), "buffer…"),
        (body(empty), "done ByRegistry"),
    ];
    find().rows(stage, rows);
    // Once that is known, nothing is asked.
    find().rows(stage, [(start(), "done ByRegistry")]);
}

#[test]
fn cr11_where_it_does_not_the_manifest_says_whose_list_it_is_in() {
    let (stage, subject) = (&mut Stage::new(), format!("sha256:{}", "1".repeat(64)));
    let about = format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[],"subject":{{"mediaType":"{INDEX}","digest":"{subject}","size":5}}}}"#
    );
    let digest = Digest::sha256(about.as_bytes());
    let find = || Actor::new(FindSubject::new("a/b".parse().unwrap(), digest.clone()));
    let path = format!("GET /v2/a/b/manifests/{digest}");
    let expected = format!(
        "done {:?}",
        Lists::ByClients {
            subject: subject.parse().ok()
        }
    );
    find().rows(
        stage,
        [
            (start(), "GET…"),
            (refused(404), &*path),
            (head(200, &[]), "buffer…"),
            (body(&*about), &*expected),
        ],
    );
    find().rows(stage, [(start(), &*path)]);
    // With the document at hand, nothing is asked at all.
    let known = FindSubject::new("a/b".parse().unwrap(), digest.clone()).with_subject(subject.parse().ok());
    Actor::new(known).rows(stage, [(start(), &*expected)]);
}

#[test]
fn cr11_a_manifest_that_is_not_there_or_is_none_has_no_subject() {
    let none = "done ByClients { subject: None }";
    find().rows(
        &mut Stage::new(),
        [(start(), API), (refused(404), MANIFEST), (refused(404), none)],
    );
    let rows = [
        (start(), API),
        (refused(404), MANIFEST),
        (head(200, &[]), "buffer…"),
        (body("hello"), none),
    ];
    find().rows(&mut Stage::new(), rows);
}

#[test]
fn cr11_p19_a_refused_look_leaves_it_open_and_does_not_keep_from_the_delete() {
    for status in [401, 403, 429, 500, 503] {
        find().rows(
            &mut Stage::new(),
            [(start(), API), (refused(status), "done Unknown(Error { kind…")],
        );
    }
    for status in [400, 401, 403, 429, 500, 503] {
        find().rows(
            &mut Stage::new(),
            [
                (start(), API),
                (refused(404), MANIFEST),
                (refused(status), "done Unknown(Error { kind…"),
            ],
        );
    }
    // What calls itself an index and cannot be read.
    find().rows(
        &mut Stage::new(),
        [
            (start(), API),
            (head(200, &[("content-type", INDEX)]), "buffer…"),
            (body("{"), "done Unknown(Error { kind: Protocol…"),
        ],
    );
}

#[test]
fn cr11_whoever_gets_no_answer_at_all_need_not_try_the_delete() {
    for kind in [TransportErrorKind::Connect, TransportErrorKind::Reset] {
        find().rows(&mut Stage::new(), [(start(), API), (failed(kind), "failed Transport")]);
        find().rows(
            &mut Stage::new(),
            [
                (start(), API),
                (refused(404), MANIFEST),
                (failed(kind), "failed Transport"),
            ],
        );
    }
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| find());
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = find();
        actor.rows(stage, [(start(), API)]);
        actor
    });
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = find();
        actor.rows(stage, [(start(), API), (refused(404), MANIFEST)]);
        actor
    });
}
