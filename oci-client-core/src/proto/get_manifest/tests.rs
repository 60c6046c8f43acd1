use oci_spec_types::{Descriptor, ImageManifest};

use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, body, failed, head, received, refused, refuses_all_but, session, start};

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
const OTHER_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn manifest() -> Document<ImageManifest> {
    let config = Descriptor::of(MediaType::IMAGE_CONFIG, b"{}");
    Document::from_value(ImageManifest::new(config, Vec::new())).unwrap()
}

fn text() -> String {
    String::from_utf8(manifest().bytes().to_vec()).unwrap()
}

fn undeclared() -> String {
    text().replace(&format!("\"mediaType\":\"{IMAGE}\","), "")
}

fn by_tag() -> Actor<GetManifest> {
    let tag = TagOrDigest::Tag("v1".parse().unwrap());
    Actor::new(GetManifest::new("a/b".parse().unwrap(), tag))
}

fn by_digest(content: &str) -> Actor<GetManifest> {
    let digest = TagOrDigest::Digest(Digest::sha256(content.as_bytes()));
    Actor::new(GetManifest::new("a/b".parse().unwrap(), digest))
}

fn read(mut actor: Actor<GetManifest>, fields: &[(&'static str, &str)], content: &str, expected: &str) {
    let rows = [
        (start(), "GET…"),
        (head(200, fields), "buffer 4194304"),
        (body(content), expected),
    ];
    actor.rows(&mut Stage::new(), rows);
}

#[test]
fn cp1_every_readable_type_is_accepted_in_one_line() {
    let stage = &mut Stage::new();
    let Step::Send(request) = by_tag().tell(stage, start()) else {
        panic!("a request is expected");
    };
    assert_eq!(request.uri(), "https://r.test/v2/a/b/manifests/v1");
    let lines: Vec<_> = request.headers().get_all(ACCEPT).iter().collect();
    assert_eq!(lines.len(), 1);
    for media_type in [
        MediaType::IMAGE_INDEX,
        MediaType::IMAGE_MANIFEST,
        MediaType::DOCKER_MANIFEST,
        MediaType::DOCKER_MANIFEST_LIST,
    ] {
        assert!(lines[0].to_str().unwrap().contains(media_type.as_str()), "{media_type}");
    }
}

#[test]
fn cp2_cp5_a_manifest_by_tag_and_by_digest() {
    let digest = manifest().digest().to_string();
    read(by_tag(), &[("content-type", IMAGE)], &text(), "done Document…");
    read(
        by_tag(),
        &[("content-type", &format!("{IMAGE}; charset=utf-8"))],
        &text(),
        "done…",
    );
    read(
        by_tag(),
        &[("docker-content-digest", &digest), ("content-type", IMAGE)],
        &text(),
        "done…",
    );
    read(
        by_digest(&text()),
        &[("content-type", IMAGE)],
        &text(),
        "done Document…",
    );
    let stage = &mut Stage::new();
    let mut actor = by_digest(&text());
    actor.rows(
        stage,
        [
            (start(), &*format!("GET /v2/a/b/manifests/{digest}")),
            (head(200, &[]), "buffer 4194304"),
        ],
    );
    let Step::Done(Ok(document)) = actor.tell(stage, body(text())) else {
        panic!("a document is expected");
    };
    assert_eq!(
        (document.bytes(), document.digest()),
        (manifest().bytes(), manifest().digest())
    );
}

#[test]
fn cp5_c01_c02_the_content_decides_whatever_its_type() {
    let wrong = text().replace('{', " {");
    for media_type in [
        IMAGE,
        INDEX,
        SCHEMA1,
        "application/json",
        "text/html",
        "application/vnd.unknown",
    ] {
        let digest = manifest().digest().to_string();
        let fields = [("content-type", media_type), ("docker-content-digest", &*digest)];
        let expected = format!("failed Mismatch: {digest}");
        read(by_digest(&text()), &fields, &wrong, &expected);
        read(by_digest(&text()), &fields[..1], &wrong, &expected);
        read(by_tag(), &fields, &wrong, &expected);
    }
}

#[test]
fn cp4_c03_a_digest_header_is_checked_and_never_believed() {
    let garbage = ["garbage", "sha256:", "sha256:00", "", "\u{e9}"];
    for claim in garbage {
        let fields = [("content-type", IMAGE), ("docker-content-digest", claim)];
        for mut actor in [by_tag(), by_digest(&text())] {
            let rows = [
                (start(), "GET…"),
                (head(200, &fields), "failed Protocol: Docker-Content-Digest"),
            ];
            actor.rows(&mut Stage::new(), rows);
        }
    }
    let other = [("content-type", IMAGE), ("docker-content-digest", OTHER_DIGEST)];
    read(by_tag(), &other, &text(), "failed Mismatch: sha256:0000");
    read(by_digest(&text()), &other, &text(), "failed Mismatch: sha256:0000");
    let sha512 = Digest::sha512(text().as_bytes()).to_string();
    read(
        by_tag(),
        &[("content-type", IMAGE), ("docker-content-digest", &sha512)],
        &text(),
        "done…",
    );
    let unknown = [
        ("content-type", IMAGE),
        ("docker-content-digest", "md5:d41d8cd98f00b204e9800998ecf8427e"),
    ];
    read(by_tag(), &unknown, &text(), "done…");
}

#[test]
fn cp3_c10_c11_types_by_tag() {
    type Row<'a> = (&'a [(&'static str, &'a str)], String, &'a str);
    let rows: [Row<'_>; 8] = [
        (&[], text(), "done…"),
        (&[], undeclared(), "failed Protocol"),
        (&[("content-type", "application/json")], text(), "done…"),
        (&[("content-type", "application/json")], undeclared(), "failed Protocol"),
        (&[("content-type", IMAGE)], undeclared(), "done…"),
        (&[("content-type", INDEX)], text(), "failed Protocol"),
        (
            &[("content-type", "text/html")],
            "<html>".to_owned(),
            "failed Protocol: text/html",
        ),
        (&[("content-type", SCHEMA1)], text(), "failed Protocol: schema 1"),
    ];
    for (fields, content, expected) in rows {
        read(by_tag(), fields, &content, expected);
    }
    let nonsense = head(200, &[("content-type", "nonsense")]);
    let rows = [(start(), "GET…"), (nonsense, "failed Protocol: no media type")];
    by_tag().rows(&mut Stage::new(), rows);
}

#[test]
fn cp3_c11_by_digest_the_publisher_decides() {
    read(by_digest(&text()), &[("content-type", INDEX)], &text(), "done…");
    read(by_digest(&text()), &[("content-type", "text/html")], &text(), "done…");
    read(
        by_digest(&undeclared()),
        &[("content-type", IMAGE)],
        &undeclared(),
        "done…",
    );
    read(by_digest(&undeclared()), &[], &undeclared(), "failed Protocol");
}

#[test]
fn c16_too_large_is_refused_before_the_body() {
    let stage = &mut Stage::new();
    by_tag().rows(
        stage,
        [
            (start(), "GET…"),
            (head(200, &[("content-length", "4194305")]), "failed TooLarge: 4194304"),
        ],
    );
    by_tag().rows(
        stage,
        [
            (start(), "GET…"),
            (head(200, &[("content-length", "4194304")]), "buffer 4194304"),
        ],
    );
}

#[test]
fn c17_a_coded_manifest_is_refused() {
    for (coding, expected) in [
        ("identity", "buffer 4194304"),
        ("", "buffer 4194304"),
        ("aws-chunked", "buffer 4194304"),
        ("gzip", "failed Protocol: gzip"),
        ("identity, br", "failed Protocol: br"),
    ] {
        by_tag().rows(
            &mut Stage::new(),
            [
                (start(), "GET…"),
                (head(200, &[("content-encoding", coding)]), expected),
            ],
        );
    }
}

#[test]
fn cp10_refusals_and_statuses_that_make_no_sense() {
    for (told, expected) in [
        (refused(404), "failed NotFound"),
        (failed(TransportErrorKind::Reset), "failed Transport"),
        (head(204, &[]), "failed Protocol: 204"),
        (head(206, &[]), "failed Protocol: 206"),
    ] {
        by_tag().rows(&mut Stage::new(), [(start(), "GET…"), (told, expected)]);
    }
}

#[test]
fn cp10_e2_a_404_means_absent_whatever_its_body_is() {
    let (deep, long) = ("[".repeat(10_000), "x".repeat(60_000));
    let lists = [
        r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#,
        r#"{"errors":[{"code":"UNAUTHORIZED","message":null,"detail":[1]}]}"#,
        r#"{"errors":null}"#,
        r#"{"errors":[]}"#,
        r#"[{"code":1}]"#,
    ];
    let others = ["", "<html>404</html>", "{", "null", "\u{0}\u{fffd}", &*deep, &*long];
    for content in lists.into_iter().chain(others) {
        for kind in ["application/json", "text/html", "nonsense"] {
            let rows = [
                (start(), "GET…"),
                (head(404, &[("content-type", kind)]), "buffer 65536"),
                (body(content), "failed NotFound"),
            ];
            session(by_tag().into_machine(), &["pull"]).rows(&mut Stage::new(), rows);
        }
    }
}

#[test]
fn a_body_that_breaks_off_is_asked_for_again() {
    let stage = &mut Stage::new();
    let mut actor = session(by_tag().into_machine(), &["pull"]);
    let fields = [("content-type", IMAGE)];
    actor.rows(
        stage,
        [
            (start(), "GET /v2/a/b/manifests/v1"),
            (head(200, &fields), "buffer 4194304"),
            (failed(TransportErrorKind::Body), "GET /v2/a/b/manifests/v1"),
            (head(200, &fields), "buffer 4194304"),
            (body(text()), "done Document…"),
        ],
    );
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| by_tag());
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = by_tag();
        actor.rows(stage, [(start(), "GET…")]);
        actor
    });
    refuses_all_but(&["body", "failed", "head"], |stage| {
        let mut actor = by_tag();
        actor.rows(stage, [(start(), "GET…"), (head(200, &[]), "buffer…")]);
        actor
    });
    by_tag().rows(&mut Stage::new(), [(received(1), "failed Misuse")]);
}
