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
        (body(empty), "done None"),
    ];
    find().rows(stage, rows);
    // Once that is known, nothing is asked.
    find().rows(stage, [(start(), "done None")]);
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
        Some(Lists {
            subject: subject.parse().ok()
        })
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
fn cr11_a_manifest_that_cannot_be_read_has_no_subject() {
    for told in [refused(404), refused(403), refused(400)] {
        let rows = [
            (start(), API),
            (refused(404), MANIFEST),
            (told, "done Some(Lists { subject: None })"),
        ];
        find().rows(&mut Stage::new(), rows);
    }
    let rows = [
        (start(), API),
        (refused(404), MANIFEST),
        (head(200, &[]), "buffer…"),
        (body("hello"), "done Some(Lists { subject: None })"),
    ];
    find().rows(&mut Stage::new(), rows);
    for (told, expected) in [
        (refused(503), "failed Server"),
        (refused(429), "failed RateLimited"),
        (failed(TransportErrorKind::Reset), "failed Transport"),
    ] {
        find().rows(
            &mut Stage::new(),
            [(start(), API), (refused(404), MANIFEST), (told, expected)],
        );
    }
}

#[test]
fn p19_a_refusal_that_says_nothing_of_the_api_is_an_error() {
    for (status, expected) in [
        (401, "failed Unauthorized"),
        (403, "failed Denied"),
        (500, "failed Server"),
    ] {
        find().rows(&mut Stage::new(), [(start(), API), (refused(status), expected)]);
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
