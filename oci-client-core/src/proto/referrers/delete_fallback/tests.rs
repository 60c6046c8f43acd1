use super::*;
use crate::proto::testing::{Actor, Stage, body, head, hello_digest, refused, refuses_all_but, start};

const INDEX: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

fn delete() -> Actor<DeleteFallback> {
    Actor::new(DeleteFallback::new("a/b".parse().unwrap(), hello_digest()))
}

fn line(method: &str) -> String {
    format!("{method} /v2/a/b/manifests/{}", hello_digest().fallback_tag())
}

fn present(stage: &mut Stage, content: &str, then: &str) -> Actor<DeleteFallback> {
    let mut actor = delete();
    let fields = [("content-type", "application/vnd.oci.image.index.v1+json")];
    let rows = [
        (start(), &*line("GET")),
        (head(200, &fields), "buffer…"),
        (body(content), then),
    ];
    actor.rows(stage, rows);
    actor
}

#[test]
fn cr12_a_list_is_deleted_by_its_tag() {
    for (told, expected) in [
        (head(202, &[]), "done true"),
        (refused(404), "done false"),
        (refused(405), "failed Unsupported"),
        (refused(400), "failed Refused"),
    ] {
        let stage = &mut Stage::new();
        present(stage, INDEX, &line("DELETE")).rows(stage, [(told, expected)]);
    }
}

#[test]
fn cr12_what_is_no_list_stays() {
    let stage = &mut Stage::new();
    present(stage, "hello", "done false");
    present(stage, "{", "done false");
    delete().rows(stage, [(start(), "GET…"), (refused(404), "done false")]);
    delete().rows(stage, [(start(), "GET…"), (refused(403), "failed Denied")]);
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| delete());
    refuses_all_but(&["failed", "head"], |stage| present(stage, INDEX, "DELETE…"));
}
