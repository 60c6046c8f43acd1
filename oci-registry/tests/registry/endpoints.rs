//! The endpoints as the specification lists them (section "Endpoints"), each with every status that it gives for it.

use http::{Method, StatusCode};
use oci_spec_types::{Digest, MediaType};

use crate::fixture::{Fixture, image, json, on_every_storage};

on_every_storage!(px3_another_hosts_name_changes_nothing, rh2_rh4_every_endpoint);

fn rh2_rh4_every_endpoint(fixture: &Fixture) {
    let blob = fixture.push_blob("a", b"blob");
    let manifest = fixture.push_image("a", "v1", &image("one"));
    let absent = Digest::sha256(b"absent");
    // Neither more nor less than this is there when each request is made: what deletes comes last.
    let rows: &[(&str, Method, String, u16)] = &[
        ("end-1", Method::GET, "/v2/".to_owned(), 200),
        ("end-2", Method::GET, format!("/v2/a/blobs/{blob}"), 200),
        ("end-2", Method::HEAD, format!("/v2/a/blobs/{blob}"), 200),
        ("end-2", Method::GET, format!("/v2/a/blobs/{absent}"), 404),
        ("end-2", Method::HEAD, format!("/v2/b/blobs/{blob}"), 404),
        ("end-3", Method::GET, "/v2/a/manifests/v1".to_owned(), 200),
        ("end-3", Method::HEAD, format!("/v2/a/manifests/{manifest}"), 200),
        ("end-3", Method::GET, "/v2/a/manifests/v2".to_owned(), 404),
        ("end-3", Method::HEAD, format!("/v2/b/manifests/{manifest}"), 404),
        ("end-4a", Method::POST, "/v2/a/blobs/uploads/".to_owned(), 202),
        ("end-4a", Method::POST, "/v2/A/blobs/uploads/".to_owned(), 400),
        (
            "end-4b",
            Method::POST,
            format!("/v2/a/blobs/uploads/?digest={}", Digest::sha256(b"")),
            201,
        ),
        (
            "end-4b",
            Method::POST,
            format!("/v2/a/blobs/uploads/?digest={absent}"),
            400,
        ),
        (
            "end-4b",
            Method::POST,
            "/v2/a/blobs/uploads/?digest=sha256:0".to_owned(),
            400,
        ),
        (
            "end-4c",
            Method::POST,
            "/v2/a/blobs/uploads/?digest-algorithm=sha512".to_owned(),
            202,
        ),
        (
            "end-4c",
            Method::POST,
            "/v2/a/blobs/uploads/?digest-algorithm=crc32".to_owned(),
            400,
        ),
        ("end-8a", Method::GET, "/v2/a/tags/list".to_owned(), 200),
        ("end-8a", Method::GET, "/v2/b/tags/list".to_owned(), 404),
        ("end-8b", Method::GET, "/v2/a/tags/list?n=1&last=v0".to_owned(), 200),
        (
            "end-11",
            Method::POST,
            format!("/v2/b/blobs/uploads/?mount={blob}&from=a"),
            201,
        ),
        (
            "end-11",
            Method::POST,
            format!("/v2/b/blobs/uploads/?mount={absent}&from=a"),
            202,
        ),
        ("end-12a", Method::GET, format!("/v2/a/referrers/{manifest}"), 200),
        ("end-12a", Method::GET, format!("/v2/c/referrers/{manifest}"), 200),
        ("end-12a", Method::GET, "/v2/a/referrers/sha256:0".to_owned(), 400),
        (
            "end-12b",
            Method::GET,
            format!("/v2/a/referrers/{manifest}?artifactType=a/b"),
            200,
        ),
        ("end-9", Method::DELETE, "/v2/a/manifests/v2".to_owned(), 404),
        ("end-9", Method::DELETE, "/v2/a/manifests/v1".to_owned(), 202),
        ("end-9", Method::DELETE, format!("/v2/a/manifests/{manifest}"), 202),
        ("end-9", Method::DELETE, format!("/v2/a/manifests/{manifest}"), 404),
        ("end-10", Method::DELETE, format!("/v2/a/blobs/{blob}"), 202),
        ("end-10", Method::DELETE, format!("/v2/a/blobs/{blob}"), 404),
    ];
    for (endpoint, method, path, status) in rows {
        let answer = fixture.call(method.clone(), path).send();
        assert_eq!(answer.status().as_u16(), *status, "{endpoint} {method} {path}");
    }
    sessions(fixture);
    pushes(fixture);
}

/// What has the location of an upload as its path: end-5, end-6, end-13, end-14.
fn sessions(fixture: &Fixture) {
    let unknown = format!("/v2/a/blobs/uploads/{}", "0".repeat(32));
    for method in [Method::DELETE, Method::GET, Method::PATCH] {
        fixture.call(method, &unknown).send().expect(StatusCode::NOT_FOUND);
    }
    let digest = Digest::sha256(b"01");
    fixture
        .put(format!("{unknown}?digest={digest}"))
        .send()
        .expect(StatusCode::NOT_FOUND);
    let location = fixture.start_upload("a");
    let patch = |range: &str, body: &str| {
        fixture
            .patch(&location)
            .header("content-range", range)
            .body(body)
            .send()
    };
    patch("1-1", "1").expect(StatusCode::RANGE_NOT_SATISFIABLE);
    patch("0-0", "0").expect(StatusCode::ACCEPTED);
    fixture.get(&location).send().expect(StatusCode::NO_CONTENT);
    let put = |query: &str, range: &str| {
        let call = fixture.put(format!("{location}?digest={query}"));
        call.header("content-range", range).body("1").send()
    };
    put(&digest.to_string(), "0-0").expect(StatusCode::RANGE_NOT_SATISFIABLE);
    put("sha256:0", "1-1").expect(StatusCode::BAD_REQUEST);
    put(&digest.to_string(), "1-1").expect(StatusCode::CREATED);
    let location = fixture.start_upload("a");
    fixture.delete(&location).send().expect(StatusCode::NO_CONTENT);
    fixture.delete(&location).send().expect(StatusCode::NOT_FOUND);
}

/// Manifests: end-7a, end-7b.
fn pushes(fixture: &Fixture) {
    let content = json(&image("two"));
    let digest = Digest::sha256(&content);
    let put = |repository: &str, reference: &str, content: &[u8]| {
        fixture.push_manifest(repository, reference, &MediaType::IMAGE_MANIFEST, content)
    };
    put("a", "v2", &content).expect(StatusCode::CREATED);
    put("a", &digest.to_string(), &content).expect(StatusCode::CREATED);
    put("a", &digest.to_string(), b"{}").expect(StatusCode::BAD_REQUEST);
    put("a", "v3", &vec![b' '; oci_registry::Limits::MANIFEST_SIZE + 1]).expect(StatusCode::PAYLOAD_TOO_LARGE);
    let tagged = put("a", &format!("{digest}?tag=v4&tag=v5"), &content).expect(StatusCode::CREATED);
    assert_eq!(tagged.headers("oci-tag"), ["v4", "v5"]);
}

/// A client that takes this registry for a mirror adds `ns`.
fn px3_another_hosts_name_changes_nothing(fixture: &Fixture) {
    let manifest = fixture.push_image("a", "v1", &image("one"));
    for path in [
        "/v2/a/manifests/v1",
        "/v2/a/tags/list",
        &format!("/v2/a/referrers/{manifest}"),
    ] {
        let plain = fixture.get(path).send().expect(StatusCode::OK);
        let named = fixture
            .get(format!("{path}?ns=docker.io"))
            .send()
            .expect(StatusCode::OK);
        assert_eq!(named.content(), plain.content());
        assert_eq!(named.header("oci-namespace"), None);
    }
}
