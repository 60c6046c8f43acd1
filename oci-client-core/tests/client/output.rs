//! Text that a server sent, on its way to a terminal (C23): nothing in it can do anything there.

use bytes::Bytes;
use oci_client_core::Error;
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_spec_types::{ImageIndex, Platform};
use test_support::{Reply, Responder, SimRuntime};

use crate::support::{Image, document, impatient, layer, target};

/// An escape sequence, a line break, a bidirectional override, a bell, a C1 control, a null.
const EVIL: &str = "\x1b[2J\r\nok\u{202e}txt\x07\u{9b}31m\0";

#[test]
fn c23_e2_p16_errors_of_a_registry_are_shown_without_control_characters() {
    let text = serde_json::to_string(EVIL).unwrap();
    let bodies = [
        format!(r#"{{"errors":[{{"code":{text},"message":{text},"detail":{text}}}]}}"#),
        format!(r#"{{"errors":[{{"code":"DENIED","message":{text},"detail":{{{text}:{text}}}}}]}}"#),
        EVIL.to_owned(),
        format!("<html>{EVIL}</html>"),
    ];
    for body in bodies {
        for status in [400, 401, 403, 404, 429, 500] {
            let error = failing(Reply::new(status).with_json(body.clone()));
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
            assert_harmless(&error);
        }
    }
}

#[test]
fn c23_p16_a_long_error_of_a_registry_is_cut() {
    let body = format!(
        r#"{{"errors":[{{"code":"DENIED","message":"{}"}}]}}"#,
        "long ".repeat(10_000)
    );
    let error = failing(Reply::new(403).with_json(body));
    assert!(error.to_string().len() < 2048, "{}", error.to_string().len());
}

#[test]
fn c23_p16_many_errors_of_a_registry_are_cut() {
    let errors = vec![r#"{"code":"DENIED","message":"a message of some length that comes again and again"}"#; 700];
    let error = failing(Reply::new(403).with_json(format!(r#"{{"errors":[{}]}}"#, errors.join(","))));
    assert!(error.to_string().len() < 4096, "{}", error.to_string().len());
}

#[test]
fn c23_headers_and_documents_are_shown_without_control_characters() {
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let raw = b"\xc2\x9b31m\xe2\x80\xae\xff\t";
    let replies = [
        Reply::new(200).with_header("content-type", raw).with_body("{}"),
        Reply::new(200)
            .with_header("content-type", manifest)
            .with_header("content-encoding", raw)
            .with_body("{}"),
        Reply::new(200)
            .with_header("content-type", manifest)
            .with_header("docker-content-digest", raw)
            .with_body("{}"),
        Reply::new(307).with_header("location", [b"https://evil.test/".as_slice(), raw].concat()),
        Reply::new(307).with_header("location", raw),
        Reply::new(401).with_header("www-authenticate", [b"Bearer realm=\"".as_slice(), raw, b"\""].concat()),
        Reply::new(401).with_header(
            "www-authenticate",
            "Bearer realm=\"https://evil.test/\u{9b}\u{202e}\",service=\"\u{9b}\"",
        ),
        Reply::new(200).with_header("content-type", manifest).with_body(EVIL),
        Reply::new(200)
            .with_header("content-type", manifest)
            .with_body(format!("{{\"{EVIL}\":1}}")),
        Reply::new(200)
            .with_header("content-type", manifest)
            .with_body(format!("{{{0}:1,{0}:2}}", serde_json::to_string(EVIL).unwrap())),
        Reply::new(200)
            .with_header("content-type", manifest)
            .with_body(format!("{{\"mediaType\":{}}}", serde_json::to_string(EVIL).unwrap())),
    ];
    for reply in replies {
        assert_harmless(&failing(reply));
    }
}

#[test]
fn c23_the_platforms_of_an_index_are_shown_without_control_characters() {
    let mut platform: Platform = "linux/amd64".parse().unwrap();
    platform.os_version = Some(EVIL.to_owned());
    platform.variant = Some(EVIL.to_owned());
    let entry = Image::new(1, &[]).document.descriptor().with_platform(platform);
    let store = MemoryStore::new();
    store.add_manifest(document(ImageIndex::new(vec![entry])), Some("v1".parse().unwrap()));
    let options = CopyOptions::new().with_platform("linux/arm64".parse().unwrap());
    let runtime = SimRuntime::new();
    let error = runtime
        .run(copy(&store, &target("v1"), &MemoryStore::new(), None, &options))
        .unwrap_err();
    assert_harmless(&error);
}

#[test]
fn c23_upload_locations_are_shown_without_control_characters() {
    let runtime = SimRuntime::new();
    for location in [
        b"https://evil.test/\xc2\x9b31m?x=\xe2\x80\xae".as_slice(),
        b"//\xc2\x9b",
        b"http://[\xe2\x80\xae",
    ] {
        let reply = Reply::new(202).with_header("location", location);
        let app = impatient(&runtime, Responder::new(&runtime, move |_| reply.clone()));
        let content = Bytes::from_static(b"content");
        let error = runtime
            .run(app.push_blob(&layer(&content), std::sync::Arc::new(content)))
            .unwrap_err();
        assert_harmless(&error);
    }
}

/// The error of getting a manifest from a server that gives `reply`, whatever it is asked.
fn failing(reply: Reply) -> Error {
    let runtime = SimRuntime::new();
    let app = impatient(&runtime, Responder::new(&runtime, move |_| reply.clone()));
    runtime.run(app.manifest(&target("v1"))).unwrap_err()
}

fn assert_harmless(error: &Error) {
    for text in [
        error.to_string(),
        format!("{error:?}"),
        error.url().unwrap_or_default().to_owned(),
    ] {
        let harmful = |character: &char| character.is_control() || ('\u{202a}'..='\u{202e}').contains(character);
        assert_eq!(text.chars().find(harmful), None, "{text:?}");
    }
    for listed in error.registry_errors() {
        assert!(!listed.to_string().contains(char::is_control));
    }
}
