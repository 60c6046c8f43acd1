use bytes::Bytes;
use oci_spec_types::MediaType;

use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, failed, head, hello_digest, refused, refuses_all_but, start};

fn put(tags: &[&str]) -> Actor<PutTagged> {
    let (name, content) = ("a/b".parse().unwrap(), Bytes::from_static(b"hello"));
    let target = TagOrDigest::Digest(hello_digest());
    let put = PutManifest::new(name, target, MediaType::IMAGE_MANIFEST, content, hello_digest());
    let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    Actor::new(PutTagged::new(&put, &tags))
}

const DONE: &str = "done StoredManifest…";

#[test]
fn cm6_one_request_where_the_registry_takes_tags_along() {
    for fields in [
        &[("oci-tag", "v1,v2")][..],
        &[("oci-tag", "v2 , v1")],
        &[("oci-tag", "v1"), ("oci-tag", "v2")],
        &[("oci-tag", "v1, other"), ("oci-tag", ", v2,")],
    ] {
        let rows = [
            (start(), "PUT /v2/a/b/manifests/D?tag=v1&tag=v2 <- 5 bytes"),
            (head(201, fields), DONE),
        ];
        put(&["v1", "v2", "v1"]).rows(&mut Stage::new(), rows);
    }
}

#[test]
fn cm6_tags_that_are_not_named_are_pushed_one_by_one() {
    put(&["v1", "v2", "v3"]).rows(
        &mut Stage::new(),
        [
            (start(), "PUT /v2/a/b/manifests/D?tag=v1&tag=v2&tag=v3 <- 5 bytes"),
            (head(201, &[("oci-tag", "v2")]), "PUT /v2/a/b/manifests/v1 <- 5 bytes"),
            (head(201, &[]), "PUT /v2/a/b/manifests/v3 <- 5 bytes"),
            (head(200, &[]), DONE),
        ],
    );
}

#[test]
fn b1_cm6_that_a_registry_ignores_tags_is_remembered() {
    let stage = &mut Stage::new();
    let first = [
        (start(), "PUT /v2/a/b/manifests/D?tag=v1 <- 5 bytes"),
        (head(201, &[]), "PUT /v2/a/b/manifests/v1 <- 5 bytes"),
        (head(202, &[]), DONE),
    ];
    put(&["v1"]).rows(stage, first);
    let second = [
        (start(), "PUT /v2/a/b/manifests/v1 <- 5 bytes"),
        (head(201, &[]), "PUT /v2/a/b/manifests/v2 <- 5 bytes"),
        (head(201, &[]), DONE),
    ];
    put(&["v1", "v2"]).rows(stage, second);
    stage.pass(601);
    put(&["v1"]).rows(stage, [(start(), "PUT /v2/a/b/manifests/D?tag=v1 <- 5 bytes")]);
}

#[test]
fn cm6_a_url_that_is_too_long_is_split() {
    for status in [414, 431] {
        put(&["v1", "v2", "v3"]).rows(
            &mut Stage::new(),
            [
                (start(), "PUT /v2/a/b/manifests/D?tag=v1&tag=v2&tag=v3 <- 5 bytes"),
                (refused(status), "PUT /v2/a/b/manifests/D?tag=v1 <- 5 bytes"),
                (
                    head(201, &[("oci-tag", "v1")]),
                    "PUT /v2/a/b/manifests/D?tag=v2 <- 5 bytes",
                ),
                (
                    head(201, &[("oci-tag", "v2")]),
                    "PUT /v2/a/b/manifests/D?tag=v3 <- 5 bytes",
                ),
                (head(201, &[("oci-tag", "v3")]), DONE),
            ],
        );
        put(&["v1"]).rows(
            &mut Stage::new(),
            [
                (start(), "PUT /v2/a/b/manifests/D?tag=v1 <- 5 bytes"),
                (refused(status), "PUT /v2/a/b/manifests/D <- 5 bytes"),
                (head(201, &[]), "PUT /v2/a/b/manifests/v1 <- 5 bytes"),
                (head(201, &[]), DONE),
            ],
        );
        let alone = [
            (start(), "PUT /v2/a/b/manifests/D <- 5 bytes"),
            (refused(status), "failed Refused"),
        ];
        put(&[]).rows(&mut Stage::new(), alone);
    }
}

#[test]
fn cm6_no_more_tags_go_along_than_a_url_holds() {
    let tags: Vec<String> = (0..120).map(|number| format!("v{number}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let (mut actor, stage) = (put(&tags), &mut Stage::new());
    let mut step = actor.tell(stage, start());
    let mut counts = Vec::new();
    while let Step::Send(request) = step {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let set: Vec<&str> = query.split('&').filter_map(|pair| pair.strip_prefix("tag=")).collect();
        counts.push(set.len());
        step = actor.tell(stage, head(201, &[("oci-tag", &set.join(","))]));
    }
    assert!(matches!(step, Step::Done(Ok(_))));
    assert_eq!(counts, [50, 50, 20]);
}

#[test]
fn cm7_another_digest_than_sha256_is_always_pushed_by_itself() {
    let digest = oci_spec_types::Digest::sha512(b"hello");
    let (name, content) = ("a/b".parse().unwrap(), Bytes::from_static(b"hello"));
    let target = TagOrDigest::Digest(digest.clone());
    let put = PutManifest::new(name, target, MediaType::IMAGE_MANIFEST, content, digest.clone());
    let stage = &mut Stage::new();
    stage.host.capabilities.tag_parameters.learn(stage.now, false);
    let path = format!("PUT /v2/a/b/manifests/{digest}?tag=v1 <- 5 bytes");
    let sha256 = hello_digest().to_string();
    Actor::new(PutTagged::new(&put, &["v1".parse().unwrap()])).rows(
        stage,
        [
            (start(), &*path),
            (head(201, &[]), "PUT /v2/a/b/manifests/v1 <- 5 bytes"),
            (head(201, &[("docker-content-digest", &sha256)]), DONE),
        ],
    );
}

#[test]
fn cm4_cm6_refusals_and_other_digests_are_errors() {
    let other = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    for (told, expected) in [
        (refused(400), "failed Refused"),
        (refused(413), "failed TooLarge"),
        (head(304, &[]), "failed Protocol"),
        (failed(TransportErrorKind::Tls), "failed Transport"),
        (head(201, &[("docker-content-digest", other)]), "failed Mismatch"),
    ] {
        put(&["v1"]).rows(&mut Stage::new(), [(start(), "PUT…"), (told, expected)]);
    }
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| put(&["v1"]));
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = put(&["v1"]);
        actor.rows(stage, [(start(), "PUT…")]);
        actor
    });
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = put(&["v1"]);
        actor.rows(stage, [(start(), "PUT…"), (head(201, &[]), "PUT…")]);
        actor
    });
}
