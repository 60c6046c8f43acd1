//! The form of what is refused.

use http::StatusCode;
use oci_registry::Limits;
use oci_spec_types::{Digest, MediaType, Sanitized};

use crate::fixture::{Answer, Fixture, image, json, on_every_storage};

on_every_storage!(
    e1_e3_s20_every_refusal_has_the_form_of_the_specification,
    e1_s20_what_a_request_says_cannot_steer_a_terminal,
    rh5_e1_methods_that_nothing_answers,
);

/// One request for each status and code that the registry gives.
fn e1_e3_s20_every_refusal_has_the_form_of_the_specification(fixture: &Fixture) {
    let limits = Limits::new()
        .with_blob_size(4)
        .with_tag_parameters(1)
        .with_header_size(1000);
    let fixture = fixture.with(limits, false);
    fixture.push_blob("a", b"{}");
    let refusals = blobs(&fixture)
        .into_iter()
        .chain(manifests(&fixture))
        .chain(others(&fixture));
    for (answer, status, code) in refusals {
        assert_eq!(answer.status().as_u16(), status, "{code}");
        assert_eq!(refusal(&answer), code, "{answer:?}");
    }
}

fn rh5_e1_methods_that_nothing_answers(fixture: &Fixture) {
    let upload = fixture.start_upload("a");
    for method in ["CONNECT", "OPTIONS", "TRACE", "PURGE"] {
        for path in [
            "/v2/",
            "/v2/a/tags/list",
            "/v2/a/manifests/v1",
            "/v2/a/blobs/uploads/",
            &upload,
        ] {
            let answer = fixture.call(method.parse().unwrap(), path).send();
            let answer = answer.expect(StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(refusal(&answer), "UNSUPPORTED");
            assert!(answer.header("allow").is_some());
        }
    }
}

fn blobs(fixture: &Fixture) -> Vec<(Answer, u16, &'static str)> {
    let blob = fixture.push_blob("a", b"blob");
    let absent = Digest::sha256(b"absent");
    let upload = fixture.start_upload("a");
    let get = |path: &str| fixture.get(path).send();
    let chunk = |range: &str| fixture.patch(&upload).header("content-range", range).body("x").send();
    let unsatisfiable = fixture.get(format!("/v2/a/blobs/{blob}")).header("range", "bytes=4-");
    vec![
        (get(&format!("/v2/a/blobs/{absent}")), 404, "BLOB_UNKNOWN"),
        (get("/v2/a/blobs/sha256:0"), 400, "DIGEST_INVALID"),
        (get("/v2/a/blobs/uploads/0"), 404, "BLOB_UPLOAD_UNKNOWN"),
        (chunk("x"), 400, "BLOB_UPLOAD_INVALID"),
        (chunk("7-7"), 416, "BLOB_UPLOAD_INVALID"),
        (chunk("0-9"), 400, "SIZE_INVALID"),
        (fixture.patch(&upload).body("12345").send(), 413, "SIZE_INVALID"),
        (unsatisfiable.send(), 416, "RANGE_INVALID"),
    ]
}

fn manifests(fixture: &Fixture) -> Vec<(Answer, u16, &'static str)> {
    let put =
        |reference: &str, content: &[u8]| fixture.push_manifest("a", reference, &MediaType::IMAGE_MANIFEST, content);
    let content = json(&image("one"));
    let mut incomplete = image("incomplete");
    incomplete.config.digest = Digest::sha256(b"absent");
    let conditional = fixture.put("/v2/a/manifests/v1").header("if-match", "*").body(&content);
    let conditional = conditional.header("content-type", MediaType::IMAGE_MANIFEST.as_str());
    let tags = format!("{}?tag=x&tag=y", Digest::sha256(&content));
    vec![
        (fixture.get("/v2/a/manifests/v9").send(), 404, "MANIFEST_UNKNOWN"),
        (put("v1", &json(&incomplete)), 400, "MANIFEST_BLOB_UNKNOWN"),
        (put("v1", b"<html>"), 400, "MANIFEST_INVALID"),
        (
            put("v1", &vec![b' '; Limits::MANIFEST_SIZE + 1]),
            413,
            "MANIFEST_INVALID",
        ),
        (put("sha256:0", &content), 400, "DIGEST_INVALID"),
        (put(&tags, &content), 414, "UNSUPPORTED"),
        (conditional.send(), 412, "PRECONDITION_FAILED"),
    ]
}

fn others(fixture: &Fixture) -> Vec<(Answer, u16, &'static str)> {
    let get = |path: &str| fixture.get(path).send();
    vec![
        (get("/v2/a/../tags/list"), 400, "NAME_INVALID"),
        (get("/v2/b/tags/list"), 404, "NAME_UNKNOWN"),
        (get("/v2/a/tags/list?n=-1"), 400, "PAGINATION_NUMBER_INVALID"),
        (get("/v2/a/tags/list?n=%"), 400, "UNSUPPORTED"),
        (get("/elsewhere"), 404, "UNSUPPORTED"),
        (fixture.post("/v2/").send(), 405, "UNSUPPORTED"),
        (
            fixture.get("/v2/").header("x", &"x".repeat(1000)).send(),
            431,
            "UNSUPPORTED",
        ),
    ]
}

/// Messages are shown to people: escape sequences and marks that reverse the order of text do not get into them.
fn e1_s20_what_a_request_says_cannot_steer_a_terminal(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let upload = fixture.start_upload("a");
    for (encoded, escaped) in [
        ("%1b%5b31m", "\\u001b[31m"),
        ("%0d%0a", "\\r\\n"),
        ("%E2%80%AE", "\\u202e"),
        ("%7f", "\\u007f"),
    ] {
        let bodies = [
            format!(r#"{{"{escaped}":1,"{escaped}":2}}"#),
            format!(r#"{{"schemaVersion":2,"mediaType":"{escaped}","config":{{}},"layers":[]}}"#),
            format!(
                r#"{{"schemaVersion":2,"config":{{"mediaType":"{escaped}","digest":"{escaped}","size":2}},"layers":[]}}"#
            ),
            format!(r#"{{"schemaVersion":2,"config":{{"{escaped}":[}}"#),
        ];
        let pushes = bodies.map(|body| fixture.push_manifest("a", "v1", &MediaType::IMAGE_MANIFEST, body.as_bytes()));
        let paths = [
            format!("/v2/{encoded}/tags/list"),
            format!("/v2/a/manifests/{encoded}"),
            format!("/v2/a/manifests/sha256:{encoded}"),
            format!("/v2/a/blobs/{encoded}"),
            format!("/v2/a/blobs/uploads/{encoded}"),
            format!("/v2/a/referrers/{encoded}"),
            format!("/v2/a/tags/list?n={encoded}"),
            format!("/{encoded}"),
        ];
        let gets = paths.map(|path| fixture.get(path).send());
        let queries = [
            fixture.post(format!("/v2/a/blobs/uploads/?digest={encoded}")).send(),
            fixture
                .post(format!("/v2/a/blobs/uploads/?digest-algorithm={encoded}"))
                .send(),
            fixture
                .post(format!("/v2/a/blobs/uploads/?mount={encoded}&from=b"))
                .send(),
            fixture.put(format!("{upload}?digest=sha256:{encoded}")).send(),
        ];
        for answer in pushes.into_iter().chain(gets).chain(queries) {
            assert!(answer.status().is_client_error(), "{answer:?}");
            refusal(&answer);
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
    assert_eq!(document["errors"].as_array().unwrap().len(), 1, "{document}");
    let error = &document["errors"][0];
    assert_eq!(document.as_object().unwrap().len(), 1, "{document}");
    let message = error["message"].as_str().unwrap();
    assert!(
        !message.is_empty() && Sanitized::new(message).to_string() == message,
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
