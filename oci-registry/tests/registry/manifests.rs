use http::StatusCode;
use oci_spec_types::{Digest, MediaType};

use crate::fixture::{Fixture, image, json, on_every_storage};

on_every_storage!(
    rh5_a_manifest_that_the_client_has,
    rm4_rp5_the_media_type_is_kept,
    rp1_a_moved_tag,
    rp1_rp2_rp5_rp7_rm1_rm2_a_manifest_by_tag_and_digest,
    rp4_rx1_e1_a_manifest_that_is_not_there,
    rx1_rx2_deleting_a_digest_deletes_its_tags,
    rx1_rx2_deleting_a_tag_leaves_the_manifest,
);

fn rp1_rp2_rp5_rp7_rm1_rm2_a_manifest_by_tag_and_digest(fixture: &Fixture) {
    fixture.push_blob("a/b", b"{}");
    // The bytes are kept as they are, spaces included.
    let content = [json(&image("one")).as_slice(), b"\n  "].concat();
    let answer = fixture
        .push_manifest("a/b", "v1", &MediaType::IMAGE_MANIFEST, &content)
        .expect(StatusCode::CREATED);
    let digest = Digest::sha256(&content);
    let location = answer.header("location").unwrap();
    assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string()));
    for path in [
        "/v2/a/b/manifests/v1",
        &format!("/v2/a/b/manifests/{digest}"),
        &location,
    ] {
        for answer in [fixture.get(path).send(), fixture.head(path).send()] {
            let answer = answer.expect(StatusCode::OK);
            assert_eq!(
                answer.header("content-type").as_deref(),
                Some(MediaType::IMAGE_MANIFEST.as_str())
            );
            assert_eq!(answer.header("content-length"), Some(content.len().to_string()));
            assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string()));
        }
        assert_eq!(fixture.get(path).send().content(), content);
        assert!(fixture.head(path).send().content().is_empty());
    }
    fixture
        .get(format!("/v2/other/manifests/{digest}"))
        .send()
        .expect(StatusCode::NOT_FOUND);
    fixture
        .get(format!("/v2/a/b/blobs/{digest}"))
        .send()
        .expect(StatusCode::NOT_FOUND);
}

/// Parameters of the type are not kept, its case is.
fn rm4_rp5_the_media_type_is_kept(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let docker = br#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
        "config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":2,
        "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"layers":[]}"#;
    let put = fixture.put("/v2/a/manifests/docker").body(docker);
    put.header(
        "content-type",
        "application/vnd.docker.distribution.manifest.v2+json; charset=utf-8",
    )
    .send()
    .expect(StatusCode::CREATED);
    let answer = fixture
        .get("/v2/a/manifests/docker")
        .header("accept", "*/*")
        .send()
        .expect(StatusCode::OK);
    let media_type = answer.header("content-type");
    assert_eq!(
        media_type.as_deref(),
        Some("application/vnd.docker.distribution.manifest.v2+json")
    );
}

fn rp4_rx1_e1_a_manifest_that_is_not_there(fixture: &Fixture) {
    let digest = Digest::sha256(b"absent");
    for repository in ["missing", "present"] {
        for reference in ["latest", &digest.to_string(), "md5:00", ".not-a-tag"] {
            let path = format!("/v2/{repository}/manifests/{reference}");
            fixture
                .get(&path)
                .send()
                .expect_error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN");
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
                .expect_error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN");
        }
        fixture.push_image("present", "v1", &image("one"));
    }
    let malformed = fixture.get("/v2/present/manifests/sha256:baddigeststring").send();
    malformed.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
}

fn rp1_a_moved_tag(fixture: &Fixture) {
    let first = fixture.push_image("a", "latest", &image("one"));
    let second = fixture.push_image("a", "latest", &image("two"));
    assert_eq!(
        fixture.get("/v2/a/manifests/latest").send().content(),
        json(&image("two"))
    );
    for digest in [first, second] {
        fixture
            .get(format!("/v2/a/manifests/{digest}"))
            .send()
            .expect(StatusCode::OK);
    }
    // Tags differ in case alone.
    fixture.push_image("a", "LATEST", &image("three"));
    assert_eq!(
        fixture.get("/v2/a/manifests/latest").send().content(),
        json(&image("two"))
    );
}

fn rx1_rx2_deleting_a_tag_leaves_the_manifest(fixture: &Fixture) {
    let digest = fixture.push_image("a", "v1", &image("one"));
    fixture.push_image("a", "v2", &image("one"));
    fixture.delete("/v2/a/manifests/v1").send().expect(StatusCode::ACCEPTED);
    fixture.get("/v2/a/manifests/v1").send().expect(StatusCode::NOT_FOUND);
    fixture
        .delete("/v2/a/manifests/v1")
        .send()
        .expect(StatusCode::NOT_FOUND);
    fixture.get("/v2/a/manifests/v2").send().expect(StatusCode::OK);
    fixture
        .get(format!("/v2/a/manifests/{digest}"))
        .send()
        .expect(StatusCode::OK);
}

fn rx1_rx2_deleting_a_digest_deletes_its_tags(fixture: &Fixture) {
    let digest = fixture.push_image("a", "v1", &image("one"));
    fixture.push_image("a", "v2", &image("one"));
    let other = fixture.push_image("a", "v3", &image("two"));
    fixture
        .delete(format!("/v2/a/manifests/{digest}"))
        .send()
        .expect(StatusCode::ACCEPTED);
    for reference in ["v1", "v2", &digest.to_string()] {
        fixture
            .get(format!("/v2/a/manifests/{reference}"))
            .send()
            .expect(StatusCode::NOT_FOUND);
    }
    fixture
        .get(format!("/v2/a/manifests/{other}"))
        .send()
        .expect(StatusCode::OK);
    assert_eq!(
        fixture.get("/v2/a/tags/list").send().json()["tags"],
        serde_json::json!(["v3"])
    );
}

fn rh5_a_manifest_that_the_client_has(fixture: &Fixture) {
    fixture.push_image("a", "v1", &image("one"));
    let tag = fixture.get("/v2/a/manifests/v1").send().header("etag").unwrap();
    let call = || fixture.get("/v2/a/manifests/v1").header("if-none-match", &tag).send();
    let unchanged = call().expect(StatusCode::NOT_MODIFIED);
    assert!(unchanged.content().is_empty());
    assert!(unchanged.header("docker-content-digest").is_some());
    fixture.push_image("a", "v1", &image("two"));
    call().expect(StatusCode::OK);
}
