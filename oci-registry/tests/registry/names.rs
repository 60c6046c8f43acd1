use http::{Request, StatusCode};
use oci_client_core::runtime::block_on;
use oci_client_core::transport::{Body, Transport};
use oci_registry::Limits;
use oci_spec_types::Digest;

use crate::fixture::{Fixture, on_every_storage};

on_every_storage!(
    any_host,
    e1_malformed_queries,
    s02_e1_unknown_paths,
    s02_nested_names_do_not_meet,
    s02_rh1_names_are_checked_after_decoding,
    s08_the_size_of_header_fields,
);

/// Nothing is normalised, redirected or let out of the storage.
fn s02_rh1_names_are_checked_after_decoding(fixture: &Fixture) {
    let long = "a".repeat(300);
    let names = [
        "..",
        "../..",
        "a/../b",
        "a/./b",
        "a//b",
        "/a",
        "a/",
        "..%2f..",
        "a%2fb",
        "%2e%2e",
        "a%00b",
        "A",
        "a%41",
        "_a",
        "a_",
        "a/_manifests",
        ".a",
        "a..b",
        "a%20b",
        "a%5cb",
        "%C3%A4",
        &long,
    ];
    let digest = Digest::sha256(b"x");
    for name in names {
        let calls = [
            fixture.get(format!("/v2/{name}/blobs/{digest}")),
            fixture
                .post(format!("/v2/{name}/blobs/uploads/?digest={digest}"))
                .body("x"),
            fixture.get(format!("/v2/{name}/manifests/latest")),
            fixture.put(format!("/v2/{name}/manifests/latest")).body("{}"),
            fixture.get(format!("/v2/{name}/tags/list")),
            fixture.get(format!("/v2/{name}/referrers/{digest}")),
            fixture
                .patch(format!("/v2/{name}/blobs/uploads/{}", "0".repeat(32)))
                .body("x"),
        ];
        for call in calls {
            let answer = call.send().expect_error(StatusCode::BAD_REQUEST, "NAME_INVALID");
            assert_eq!(answer.header("location"), None, "{name}");
        }
    }
    assert_eq!(
        fixture.get("/v2/_catalog").send().json()["repositories"],
        serde_json::json!([])
    );
}

fn s02_e1_unknown_paths(fixture: &Fixture) {
    let paths = [
        "/",
        "/v1/",
        "/v3",
        "/v2/a",
        "/v2/a/blobs",
        "/v2/a/tags",
        "/v2/a/tags/list/",
        "/v2/_other",
        "//v2/",
        "/%zz",
        "/v2/%",
    ];
    for path in paths {
        fixture
            .get(path)
            .send()
            .expect_error(StatusCode::NOT_FOUND, "UNSUPPORTED");
    }
    let digest = Digest::sha256(b"x");
    fixture
        .get(format!("/v2/a/blobs/{digest}%2f.."))
        .send()
        .expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    fixture
        .get("/v2/a/manifests/..%2f..%2fx")
        .send()
        .expect_error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN");
}

fn e1_malformed_queries(fixture: &Fixture) {
    for query in ["n=%", "n=%zz", "%ff=1"] {
        fixture
            .get(format!("/v2/_catalog?{query}"))
            .send()
            .expect_error(StatusCode::BAD_REQUEST, "UNSUPPORTED");
    }
}

/// A repository's own files and the repositories below it are apart.
fn s02_nested_names_do_not_meet(fixture: &Fixture) {
    let names = [
        "a",
        "a/b",
        "a/blobs",
        "a/manifests/tags",
        "a/sha256",
        "blobs/uploads",
        "a/blobs/uploads",
    ];
    let digests = names.map(|name| fixture.push_blob(name, name.as_bytes()));
    for (name, digest) in names.iter().zip(&digests) {
        let blob = fixture
            .get(format!("/v2/{name}/blobs/{digest}"))
            .send()
            .expect(StatusCode::OK);
        assert_eq!(blob.content(), name.as_bytes());
        for other in digests.iter().filter(|other| *other != digest) {
            fixture
                .get(format!("/v2/{name}/blobs/{other}"))
                .send()
                .expect(StatusCode::NOT_FOUND);
        }
    }
}

fn any_host(fixture: &Fixture) {
    let digest = fixture.push_blob("a", b"content");
    for origin in ["https://registry.test", "http://[::1]:5000"] {
        let request = Request::get(format!("{origin}/v2/a/blobs/{digest}"))
            .body(Body::empty())
            .unwrap();
        let response = block_on(fixture.registry().send(request)).unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
}

fn s08_the_size_of_header_fields(fixture: &Fixture) {
    let fixture = fixture.with(Limits::new().with_header_size(100), false);
    fixture
        .get("/v2/")
        .header("x", &"x".repeat(99))
        .send()
        .expect(StatusCode::OK);
    let large = fixture.get("/v2/").header("x", &"x".repeat(100)).send();
    large.expect_error(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "UNSUPPORTED");
}
