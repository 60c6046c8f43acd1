use http::StatusCode;
use oci_spec_types::{Algorithm, Digest};

use crate::fixture::{Fixture, on_every_storage};

on_every_storage!(
    e1_methods_that_a_path_does_not_answer,
    large_blobs_come_in_chunks,
    rh2_s20_the_base_of_the_api,
    rh5_a_blob_that_the_client_has,
    rp1_rp2_rp3_rp7_s20_a_blob_by_get_and_head,
    rp1_rp3_rb6_a_blob_by_sha512,
    rp4_rx1_e1_a_blob_that_is_not_there,
    rp6_s16_a_range_of_another_version_is_ignored,
    rp6_s16_ranges,
    rx1_rx2_s17_only_one_repository_loses_a_blob,
);

fn rh2_s20_the_base_of_the_api(fixture: &Fixture) {
    for path in ["/v2/", "/v2"] {
        let answer = fixture.get(path).send().expect(StatusCode::OK);
        assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
        assert!(fixture.head(path).send().expect(StatusCode::OK).content().is_empty());
    }
}

fn rp1_rp2_rp3_rp7_s20_a_blob_by_get_and_head(fixture: &Fixture) {
    for content in [&b""[..], b"x", b"hello"] {
        let digest = fixture.push_blob("a/b", content);
        let path = format!("/v2/a/b/blobs/{digest}");
        for answer in [fixture.get(&path).send(), fixture.head(&path).send()] {
            let answer = answer.expect(StatusCode::OK);
            assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string()));
            assert_eq!(answer.header("content-length"), Some(content.len().to_string()));
            assert_eq!(
                answer.header("content-type").as_deref(),
                Some("application/octet-stream")
            );
            assert_eq!(answer.header("accept-ranges").as_deref(), Some("bytes"));
            assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
        }
        assert_eq!(fixture.get(&path).send().content(), content);
        assert!(fixture.head(&path).send().content().is_empty());
    }
}

fn rp4_rx1_e1_a_blob_that_is_not_there(fixture: &Fixture) {
    let digest = Digest::sha256(b"absent");
    fixture.push_blob("other", b"absent");
    for repository in ["missing", "present"] {
        let path = format!("/v2/{repository}/blobs/{digest}");
        fixture
            .get(&path)
            .send()
            .expect_error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN");
        assert!(
            fixture
                .head(&path)
                .send()
                .expect(StatusCode::NOT_FOUND)
                .content()
                .is_empty()
        );
        fixture
            .delete(&path)
            .send()
            .expect_error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN");
        fixture.push_blob("present", b"present");
    }
    let unknown_algorithm = "/v2/present/blobs/md4:00";
    fixture
        .get(unknown_algorithm)
        .send()
        .expect_error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN");
}

/// Only one repository loses the blob.
fn rx1_rx2_s17_only_one_repository_loses_a_blob(fixture: &Fixture) {
    let digest = fixture.push_blob("a", b"shared");
    fixture.push_blob("b", b"shared");
    let path = format!("/v2/a/blobs/{digest}");
    fixture.delete(&path).send().expect(StatusCode::ACCEPTED);
    fixture.get(&path).send().expect(StatusCode::NOT_FOUND);
    fixture.delete(&path).send().expect(StatusCode::NOT_FOUND);
    assert_eq!(fixture.get(format!("/v2/b/blobs/{digest}")).send().content(), b"shared");
    fixture.push_blob("a", b"shared");
    assert_eq!(fixture.get(&path).send().content(), b"shared");
}

fn rp6_s16_ranges(fixture: &Fixture) {
    let digest = fixture.push_blob("a", b"0123456789");
    let path = format!("/v2/a/blobs/{digest}");
    let parts = [
        ("bytes=2-5", "bytes 2-5/10", &b"2345"[..]),
        ("bytes=7-", "bytes 7-9/10", b"789"),
        ("bytes=-2", "bytes 8-9/10", b"89"),
        ("bytes=8-99999999999999999999", "bytes 8-9/10", b"89"),
    ];
    for (range, content_range, content) in parts {
        let answer = fixture
            .get(&path)
            .header("range", range)
            .send()
            .expect(StatusCode::PARTIAL_CONTENT);
        assert_eq!(answer.header("content-range").as_deref(), Some(content_range));
        assert_eq!(answer.header("content-length"), Some(content.len().to_string()));
        assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string()));
        assert_eq!(answer.content(), content);
    }
    for range in ["bytes=10-", "bytes=5-2", "bytes=-0"] {
        let answer = fixture.get(&path).header("range", range).send();
        let answer = answer.expect_error(StatusCode::RANGE_NOT_SATISFIABLE, "RANGE_INVALID");
        assert_eq!(answer.header("content-range").as_deref(), Some("bytes */10"));
    }
    for range in ["bytes=0-1,4-5", "lines=1-2", "bytes=x"] {
        let answer = fixture.get(&path).header("range", range).send().expect(StatusCode::OK);
        assert_eq!(answer.content(), b"0123456789");
    }
    let head = fixture
        .head(&path)
        .header("range", "bytes=2-5")
        .send()
        .expect(StatusCode::OK);
    assert_eq!(head.header("content-length").as_deref(), Some("10"));
}

fn rp6_s16_a_range_of_another_version_is_ignored(fixture: &Fixture) {
    let digest = fixture.push_blob("a", b"0123456789");
    let call = |tag: String| {
        let call = fixture.get(format!("/v2/a/blobs/{digest}"));
        call.header("range", "bytes=0-0").header("if-range", &tag).send()
    };
    call(format!("\"{digest}\"")).expect(StatusCode::PARTIAL_CONTENT);
    call(format!("\"{}\"", Digest::sha256(b"other"))).expect(StatusCode::OK);
}

fn rh5_a_blob_that_the_client_has(fixture: &Fixture) {
    let digest = fixture.push_blob("a", b"content");
    let call = |tag: &str| {
        fixture
            .get(format!("/v2/a/blobs/{digest}"))
            .header("if-none-match", tag)
            .send()
    };
    let tag = fixture
        .get(format!("/v2/a/blobs/{digest}"))
        .send()
        .header("etag")
        .unwrap();
    assert!(call(&tag).expect(StatusCode::NOT_MODIFIED).content().is_empty());
    call(&format!("\"x\", W/{tag}")).expect(StatusCode::NOT_MODIFIED);
    call("*").expect(StatusCode::NOT_MODIFIED);
    call("\"x\"").expect(StatusCode::OK);
}

fn rp1_rp3_rb6_a_blob_by_sha512(fixture: &Fixture) {
    let digest = Digest::sha512(b"content");
    fixture
        .post(format!("/v2/a/blobs/uploads/?digest={digest}"))
        .body("content")
        .send()
        .expect(StatusCode::CREATED);
    let answer = fixture
        .get(format!("/v2/a/blobs/{digest}"))
        .send()
        .expect(StatusCode::OK);
    assert_eq!(answer.content(), b"content");
    assert_eq!(digest.algorithm(), Algorithm::SHA512);
    fixture
        .get(format!("/v2/a/blobs/{}", Digest::sha256(b"content")))
        .send()
        .expect(StatusCode::NOT_FOUND);
}

fn large_blobs_come_in_chunks(fixture: &Fixture) {
    let content: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
    let digest = fixture.push_blob("a", &content);
    let request = http::Request::get(format!("/v2/a/blobs/{digest}"))
        .body(Default::default())
        .unwrap();
    oci_client_core::runtime::block_on(async {
        let mut body = fixture.registry().handle(request).await.into_body();
        let mut received = Vec::new();
        while let Some(chunk) = body.chunk().await {
            let chunk = chunk.unwrap();
            assert!(chunk.len() <= 256 * 1024);
            received.extend_from_slice(&chunk);
        }
        assert!(received == content);
    });
}

fn e1_methods_that_a_path_does_not_answer(fixture: &Fixture) {
    let digest = Digest::sha256(b"");
    let cases = [
        (fixture.put(format!("/v2/a/blobs/{digest}")), "DELETE, GET, HEAD"),
        (fixture.get("/v2/a/blobs/uploads/"), "POST"),
        (fixture.post("/v2/a/manifests/latest"), "DELETE, GET, HEAD, PUT"),
        (fixture.delete("/v2/a/tags/list"), "GET, HEAD"),
        (fixture.post("/v2/"), "GET, HEAD"),
        (fixture.post("/v2/_catalog"), "GET, HEAD"),
        (fixture.put(format!("/v2/a/referrers/{digest}")), "GET, HEAD"),
        (
            fixture.post(format!("/v2/a/blobs/uploads/{}", "0".repeat(32))),
            "DELETE, GET, HEAD, PATCH, PUT",
        ),
    ];
    for (call, allowed) in cases {
        let answer = call.send().expect_error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED");
        assert_eq!(answer.header("allow").as_deref(), Some(allowed));
    }
}
