//! The form of what is refused.

use http::{Method, StatusCode};
use oci_registry::Limits;
use oci_spec_types::{Digest, MediaType};

use crate::fixture::{Answer, Fixture, image, json, on_every_storage};

on_every_storage!(e1_e3_s20_every_refusal_has_the_form_of_the_specification);

/// One request for each code that the registry gives.
fn e1_e3_s20_every_refusal_has_the_form_of_the_specification(fixture: &Fixture) {
    let fixture = fixture.with(
        Limits::new()
            .with_blob_size(4)
            .with_tag_parameters(1)
            .with_header_size(1000),
        false,
    );
    fixture.push_blob("a", b"{}");
    let blob = fixture.push_blob("a", b"blob");
    let absent = Digest::sha256(b"absent");
    let upload = fixture.start_upload("a");
    let manifest =
        |reference: &str, content: &[u8]| fixture.push_manifest("a", reference, &MediaType::IMAGE_MANIFEST, content);
    let tags = format!("{}?tag=x&tag=y", Digest::sha256(&json(&image("one"))));
    let range = |value: &str| fixture.patch(&upload).header("content-range", value).body("x").send();
    let control = fixture.get("/v2/a%00%1b[31m/tags/list").send();
    let refusals = [
        (fixture.get(format!("/v2/a/blobs/{absent}")).send(), 404, "BLOB_UNKNOWN"),
        (range("x"), 400, "BLOB_UPLOAD_INVALID"),
        (range("7-7"), 416, "BLOB_UPLOAD_INVALID"),
        (fixture.get("/v2/a/blobs/uploads/0").send(), 404, "BLOB_UPLOAD_UNKNOWN"),
        (fixture.get("/v2/a/blobs/sha256:0").send(), 400, "DIGEST_INVALID"),
        (manifest("v1", &incomplete()), 400, "MANIFEST_BLOB_UNKNOWN"),
        (manifest("v1", b"<html>"), 400, "MANIFEST_INVALID"),
        (
            manifest("v1", &vec![b' '; Limits::MANIFEST_SIZE + 1]),
            413,
            "MANIFEST_INVALID",
        ),
        (fixture.get("/v2/a/manifests/v9").send(), 404, "MANIFEST_UNKNOWN"),
        (control, 400, "NAME_INVALID"),
        (fixture.get("/v2/b/tags/list").send(), 404, "NAME_UNKNOWN"),
        (range("0-9"), 400, "SIZE_INVALID"),
        (fixture.patch(&upload).body("12345").send(), 413, "SIZE_INVALID"),
        (fixture.post("/v2/").send(), 405, "UNSUPPORTED"),
        (fixture.get("/elsewhere").send(), 404, "UNSUPPORTED"),
        (fixture.get("/v2/a/tags/list?n=%").send(), 400, "UNSUPPORTED"),
        (manifest(&tags, &json(&image("one"))), 414, "UNSUPPORTED"),
        (
            fixture.get("/v2/").header("x", &"x".repeat(1000)).send(),
            431,
            "UNSUPPORTED",
        ),
        (
            fixture.get("/v2/a/tags/list?n=-1").send(),
            400,
            "PAGINATION_NUMBER_INVALID",
        ),
        (
            fixture
                .get(format!("/v2/a/blobs/{blob}"))
                .header("range", "bytes=4-")
                .send(),
            416,
            "RANGE_INVALID",
        ),
        (conditional(&fixture, &blob), 412, "PRECONDITION_FAILED"),
    ];
    for (answer, status, code) in refusals {
        assert_eq!(answer.status().as_u16(), status, "{code}");
        assert_eq!(refusal(&answer), code, "{answer:?}");
    }
    for method in [
        Method::CONNECT,
        Method::OPTIONS,
        Method::TRACE,
        Method::from_bytes(b"PURGE").unwrap(),
    ] {
        for path in [
            "/v2/",
            "/v2/a/tags/list",
            "/v2/a/manifests/v1",
            "/v2/a/blobs/uploads/",
            &upload,
        ] {
            let answer = fixture
                .call(method.clone(), path)
                .send()
                .expect(StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(refusal(&answer), "UNSUPPORTED");
            assert!(answer.header("allow").is_some());
        }
    }
}

/// The one code of an answer that is as it should be.
#[track_caller]
fn refusal(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    assert_eq!(
        answer.header("content-length"),
        Some(answer.content().len().to_string())
    );
    assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
    let document = answer.json();
    let [error] = document["errors"].as_array().unwrap().as_slice() else {
        panic!("one error is expected: {document}");
    };
    assert_eq!(document.as_object().unwrap().len(), 1, "{document}");
    let message = error["message"].as_str().unwrap();
    assert!(
        !message.is_empty() && !message.contains(char::is_control),
        "{message:?}"
    );
    let code = error["code"].as_str().unwrap();
    assert!(
        code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'),
        "{code}"
    );
    assert!(
        error
            .as_object()
            .unwrap()
            .keys()
            .all(|key| ["code", "detail", "message"].contains(&key.as_str()))
    );
    code.to_owned()
}

fn conditional(fixture: &Fixture, other: &Digest) -> Answer {
    let call = fixture
        .put("/v2/a/manifests/v1")
        .header("if-match", &format!("\"{other}\""));
    let call = call.header("content-type", MediaType::IMAGE_MANIFEST.as_str());
    call.body(json(&image("one"))).send()
}

/// A manifest whose configuration is not there.
fn incomplete() -> Vec<u8> {
    let mut manifest = image("incomplete");
    manifest.config.digest = Digest::sha256(b"absent");
    json(&manifest)
}
