use std::collections::BTreeSet;

use http::StatusCode;
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};
use oci_registry::Limits;
use oci_spec_types::Digest;

use crate::fixture::{Fixture, on_every_storage, with_digest};

on_every_storage!(
    rb12_a_cancelled_upload,
    rb1_rb2_rb3_rb4_post_then_put,
    rb5_s03_a_wrong_digest_stores_nothing,
    rb5_s03_an_unsupported_digest_leaves_the_upload,
    rb5_s03_unsupported_digests,
    rb6_a_single_post,
    rb6_s05_a_broken_single_post_leaves_nothing,
    rh5_a_blob_that_is_too_large,
    s01_another_repository_cannot_use_an_upload,
    s01_s02_unknown_uploads,
);

fn rb1_rb2_rb3_rb4_post_then_put(fixture: &Fixture) {
    let sessions: BTreeSet<String> = (0..100).map(|_| fixture.start_upload("a/b")).collect();
    assert_eq!(sessions.len(), 100);
    assert!(
        sessions
            .iter()
            .all(|location| location.starts_with("/v2/a/b/blobs/uploads/"))
    );
    for content in [&b""[..], b"x", b"content"] {
        let location = fixture.start_upload("a/b");
        let digest = Digest::sha256(content);
        let answer = fixture
            .put(with_digest(&location, &digest))
            .body(content)
            .send()
            .expect(StatusCode::CREATED);
        assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string()));
        let blob = answer.header("location").unwrap();
        assert_eq!(fixture.get(blob).send().expect(StatusCode::OK).content(), content);
        fixture
            .get(&location)
            .send()
            .expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    }
}

/// Without the slash at the end too.
fn rb6_a_single_post(fixture: &Fixture) {
    for (path, content) in [
        ("/v2/a/blobs/uploads/", &b"one"[..]),
        ("/v2/a/blobs/uploads", b"two"),
        ("/v2/a/blobs/uploads/", b""),
    ] {
        let digest = Digest::sha256(content);
        let encoded = digest.to_string().replace(':', "%3A");
        let answer = fixture
            .post(format!("{path}?digest={encoded}"))
            .body(content)
            .send()
            .expect(StatusCode::CREATED);
        assert_eq!(answer.header("location"), Some(format!("/v2/a/blobs/{digest}")));
        assert_eq!(fixture.get(format!("/v2/a/blobs/{digest}")).send().content(), content);
    }
}

fn rb5_s03_a_wrong_digest_stores_nothing(fixture: &Fixture) {
    let named = Digest::sha256(b"named");
    let found = Digest::sha256(b"sent");
    let post = fixture
        .post(format!("/v2/a/blobs/uploads/?digest={named}"))
        .body("sent")
        .send();
    post.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    let location = fixture.start_upload("a");
    let put = fixture.put(with_digest(&location, &named)).body("sent").send();
    let put = put.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    let message = put.json()["errors"][0]["message"].to_string();
    assert!(
        message.contains(&named.to_string()) && message.contains(&found.to_string()),
        "{message}"
    );
    for digest in [&named, &found] {
        fixture
            .head(format!("/v2/a/blobs/{digest}"))
            .send()
            .expect(StatusCode::NOT_FOUND);
    }
    fixture.get(&location).send().expect(StatusCode::NOT_FOUND);
    fixture
        .get("/v2/a/tags/list")
        .send()
        .expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
}

fn rb5_s03_unsupported_digests(fixture: &Fixture) {
    for text in ["sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", "nonsense", ""] {
        let post = fixture
            .post(format!("/v2/a/blobs/uploads/?digest={text}"))
            .body("x")
            .send();
        post.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    }
    for algorithm in ["md5", "", "SHA256"] {
        let post = fixture
            .post(format!("/v2/a/blobs/uploads/?digest-algorithm={algorithm}"))
            .send();
        post.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    }
}

fn rb5_s03_an_unsupported_digest_leaves_the_upload(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    fixture
        .put(&location)
        .body("x")
        .send()
        .expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    let put = fixture.put(format!("{location}?digest=md5:0")).body("x").send();
    put.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    let digest = Digest::sha256(b"x");
    fixture
        .put(with_digest(&location, &digest))
        .body("x")
        .send()
        .expect(StatusCode::CREATED);
}

fn rb12_a_cancelled_upload(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    fixture
        .patch(&location)
        .body("some")
        .send()
        .expect(StatusCode::ACCEPTED);
    assert!(
        fixture
            .delete(&location)
            .send()
            .expect(StatusCode::NO_CONTENT)
            .content()
            .is_empty()
    );
    for call in [
        fixture.get(&location),
        fixture.patch(&location),
        fixture.delete(&location),
    ] {
        call.send().expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    }
}

fn s01_s02_unknown_uploads(fixture: &Fixture) {
    let long = "0".repeat(300);
    for id in ["0", "..", "%2e%2e", &long, &"0".repeat(32)] {
        let path = format!("/v2/a/blobs/uploads/{id}");
        fixture
            .get(&path)
            .send()
            .expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
        fixture
            .patch(&path)
            .body("x")
            .send()
            .expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
        let put = fixture.put(with_digest(&path, &Digest::sha256(b"x"))).body("x").send();
        put.expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
        fixture
            .delete(&path)
            .send()
            .expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    }
}

fn s01_another_repository_cannot_use_an_upload(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    let stolen = location.replace("/v2/a/", "/v2/b/");
    for call in [
        fixture.get(&stolen),
        fixture.patch(&stolen).body("x"),
        fixture.delete(&stolen),
    ] {
        call.send().expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    }
    let digest = Digest::sha256(b"x");
    fixture
        .put(with_digest(&stolen, &digest))
        .body("x")
        .send()
        .expect(StatusCode::NOT_FOUND);
    fixture
        .put(with_digest(&location, &digest))
        .body("x")
        .send()
        .expect(StatusCode::CREATED);
}

fn rh5_a_blob_that_is_too_large(fixture: &Fixture) {
    let fixture = fixture.with(Limits::new().with_blob_size(4), false);
    let digest = Digest::sha256(b"12345");
    let post = fixture
        .post(format!("/v2/a/blobs/uploads/?digest={digest}"))
        .body("12345")
        .send();
    post.expect_error(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID");
    let location = fixture.start_upload("a");
    let unknown_length = Body::from_stream(futures_util::stream::iter([Ok("123".into()), Ok("45".into())]), None);
    let patch = fixture.patch(&location).stream(unknown_length).send();
    patch.expect_error(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID");
    fixture.push_blob("a", b"1234");
}

fn rb6_s05_a_broken_single_post_leaves_nothing(fixture: &Fixture) {
    let digest = Digest::sha256(b"whole");
    let broken = TransportError::new(TransportErrorKind::Reset, "cut");
    let body = Body::from_stream(futures_util::stream::iter([Ok("who".into()), Err(broken)]), Some(5));
    let post = fixture
        .post(format!("/v2/a/blobs/uploads/?digest={digest}"))
        .stream(body)
        .send();
    post.expect_error(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID");
    fixture
        .head(format!("/v2/a/blobs/{digest}"))
        .send()
        .expect(StatusCode::NOT_FOUND);
}
