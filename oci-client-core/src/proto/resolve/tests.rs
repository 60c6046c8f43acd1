use oci_spec_types::{Digest, Document, ImageIndex, MediaType};

use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, body, failed, head, refused, refuses_all_but, session, start};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OTHER_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn index() -> Document<ImageIndex> {
    Document::from_value(ImageIndex::new(Vec::new())).unwrap()
}

fn text() -> String {
    String::from_utf8(index().bytes().to_vec()).unwrap()
}

fn by_tag() -> Actor<Resolve> {
    let tag = TagOrDigest::Tag("v1".parse().unwrap());
    Actor::new(Resolve::new("a/b".parse().unwrap(), tag))
}

fn by_digest() -> Actor<Resolve> {
    let digest = TagOrDigest::Digest(index().digest().clone());
    Actor::new(Resolve::new("a/b".parse().unwrap(), digest))
}

fn expected() -> String {
    format!("done {:?}", Some(index().descriptor()))
}

#[test]
fn rp7_one_head_is_enough_where_it_tells_all() {
    let (digest, length) = (index().digest().to_string(), index().bytes().len().to_string());
    let fields = [
        ("docker-content-digest", &*digest),
        ("content-length", &length),
        ("content-type", INDEX),
    ];
    by_tag().rows(
        &mut Stage::new(),
        [
            (start(), "HEAD /v2/a/b/manifests/v1"),
            (head(200, &fields), &expected()),
        ],
    );
    by_digest().rows(
        &mut Stage::new(),
        [(start(), "HEAD…"), (head(200, &fields), &expected())],
    );
    by_digest().rows(
        &mut Stage::new(),
        [(start(), "HEAD…"), (head(200, &fields[1..]), &expected())],
    );
}

#[test]
fn b1_cp8_p23_a_head_that_does_not_tell_all_is_followed_by_a_get() {
    let (digest, length) = (index().digest().to_string(), index().bytes().len().to_string());
    let (digest, length, media_type) = (
        ("docker-content-digest", &*digest),
        ("content-length", &*length),
        ("content-type", INDEX),
    );
    let incomplete: [&[(&'static str, &str)]; 6] = [
        &[length, media_type],
        &[digest, media_type],
        &[digest, length],
        &[digest, length, ("content-type", "application/json")],
        &[digest, ("content-length", "0"), media_type],
        &[digest, length, ("content-type", "nonsense")],
    ];
    for fields in incomplete {
        by_tag().rows(
            &mut Stage::new(),
            [
                (start(), "HEAD…"),
                (head(200, fields), "GET /v2/a/b/manifests/v1"),
                (head(200, &[media_type]), "buffer 4194304"),
                (body(text()), &expected()),
            ],
        );
    }
}

#[test]
fn p23_a_registry_without_head_is_asked_with_get() {
    let mut actor = by_digest();
    let get = format!("GET /v2/a/b/manifests/{}", index().digest());
    let rows = [
        (start(), "HEAD…"),
        (refused(405), &*get),
        (head(200, &[("content-type", INDEX)]), "buffer 4194304"),
        (body(text()), &expected()),
    ];
    actor.rows(&mut Stage::new(), rows);
}

#[test]
fn cp10_absent_is_no_error() {
    by_tag().rows(&mut Stage::new(), [(start(), "HEAD…"), (refused(404), "done None")]);
    by_tag().rows(
        &mut Stage::new(),
        [(start(), "HEAD…"), (refused(405), "GET…"), (refused(404), "done None")],
    );
}

#[test]
fn c03_a_wrong_digest_is_an_error() {
    let claim = |digest: &'static str| head(200, &[("docker-content-digest", digest)]);
    by_digest().rows(
        &mut Stage::new(),
        [
            (start(), "HEAD…"),
            (claim(OTHER_DIGEST), "failed Mismatch: sha256:0000"),
        ],
    );
    by_digest().rows(
        &mut Stage::new(),
        [(start(), "HEAD…"), (claim("garbage"), "failed Protocol")],
    );
    by_tag().rows(
        &mut Stage::new(),
        [(start(), "HEAD…"), (claim("garbage"), "failed Protocol")],
    );
    let sha512 = Digest::sha512(b"").to_string();
    let fields = [
        ("docker-content-digest", &*sha512),
        ("content-length", "5"),
        ("content-type", INDEX),
    ];
    let descriptor = Descriptor::new(MediaType::IMAGE_INDEX, index().digest().clone(), 5);
    let done = format!("done {:?}", Some(descriptor));
    by_digest().rows(&mut Stage::new(), [(start(), "HEAD…"), (head(200, &fields), &done)]);
}

#[test]
fn refusals_and_statuses_that_make_no_sense() {
    for (told, expected) in [
        (refused(401), "failed Unauthorized"),
        (failed(TransportErrorKind::Reset), "failed Transport"),
        (head(204, &[]), "failed Protocol: 204"),
    ] {
        by_tag().rows(&mut Stage::new(), [(start(), "HEAD…"), (told, expected)]);
    }
    for (told, expected) in [
        (refused(500), "failed Server"),
        (head(206, &[]), "failed Protocol: 206"),
        (head(200, &[("content-encoding", "gzip")]), "failed Protocol: gzip"),
        (head(200, &[("content-length", "4194305")]), "failed TooLarge"),
    ] {
        by_tag().rows(
            &mut Stage::new(),
            [(start(), "HEAD…"), (head(200, &[]), "GET…"), (told, expected)],
        );
    }
}

#[test]
fn a_body_that_breaks_off_is_asked_for_again() {
    let fields = [("content-type", INDEX)];
    session(by_tag().into_machine(), &["pull"]).rows(
        &mut Stage::new(),
        [
            (start(), "HEAD…"),
            (head(200, &[]), "GET…"),
            (head(200, &fields), "buffer 4194304"),
            (failed(TransportErrorKind::Body), "GET /v2/a/b/manifests/v1"),
            (head(200, &fields), "buffer 4194304"),
            (body(text()), &expected()),
        ],
    );
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| by_tag());
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = by_tag();
        actor.rows(stage, [(start(), "HEAD…")]);
        actor
    });
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = by_tag();
        actor.rows(stage, [(start(), "HEAD…"), (refused(405), "GET…")]);
        actor
    });
    refuses_all_but(&["body", "failed", "head"], |stage| {
        let mut actor = by_tag();
        actor.rows(
            stage,
            [(start(), "HEAD…"), (refused(405), "GET…"), (head(200, &[]), "buffer…")],
        );
        actor
    });
}
