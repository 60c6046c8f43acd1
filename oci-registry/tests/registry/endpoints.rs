//! The endpoints as the specification lists them (section "Endpoints"), each with every status that it gives for it.

use http::{Method, StatusCode};
use oci_spec_types::{Digest, MediaType};

use crate::fixture::{Fixture, image, json, on_every_storage};

on_every_storage!(px3_another_hosts_name_changes_nothing, rh2_rh4_every_endpoint);

fn rh2_rh4_every_endpoint(fixture: &Fixture) {
    let blob = fixture.push_blob("a", b"blob").to_string();
    let manifest = fixture.push_image("a", "v1", &image("one")).to_string();
    let [absent, empty] = [&b"absent"[..], b""].map(|content| Digest::sha256(content).to_string());
    for row in ROWS.trim().lines() {
        let [endpoint, method, path, status] = row.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
        let path = path.replace("BLOB", &blob).replace("MANIFEST", &manifest);
        let path = path.replace("ABSENT", &absent).replace("EMPTY", &empty);
        let answer = fixture.call(method.parse().unwrap(), &path).send();
        assert_eq!(answer.status().as_str(), status, "{endpoint} {method} {path}");
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

/// Endpoint, method, path and status. What a row leaves is there for those after it.
const ROWS: &str = "
    end-1   GET     /v2/                                            200
    end-2   GET     /v2/a/blobs/BLOB                                200
    end-2   HEAD    /v2/a/blobs/BLOB                                200
    end-2   GET     /v2/a/blobs/ABSENT                              404
    end-2   HEAD    /v2/b/blobs/BLOB                                404
    end-3   GET     /v2/a/manifests/v1                              200
    end-3   HEAD    /v2/a/manifests/MANIFEST                        200
    end-3   GET     /v2/a/manifests/v2                              404
    end-3   HEAD    /v2/b/manifests/MANIFEST                        404
    end-4a  POST    /v2/a/blobs/uploads/                            202
    end-4a  POST    /v2/A/blobs/uploads/                            400
    end-4b  POST    /v2/a/blobs/uploads/?digest=EMPTY               201
    end-4b  POST    /v2/a/blobs/uploads/?digest=ABSENT              400
    end-4b  POST    /v2/a/blobs/uploads/?digest=sha256:0            400
    end-4c  POST    /v2/a/blobs/uploads/?digest-algorithm=sha512    202
    end-4c  POST    /v2/a/blobs/uploads/?digest-algorithm=crc32     400
    end-8a  GET     /v2/a/tags/list                                 200
    end-8a  GET     /v2/b/tags/list                                 404
    end-8b  GET     /v2/a/tags/list?n=1&last=v0                     200
    end-11  POST    /v2/b/blobs/uploads/?mount=BLOB&from=a          201
    end-11  POST    /v2/b/blobs/uploads/?mount=ABSENT&from=a        202
    end-12a GET     /v2/a/referrers/MANIFEST                        200
    end-12a GET     /v2/c/referrers/MANIFEST                        200
    end-12a GET     /v2/a/referrers/sha256:0                        400
    end-12b GET     /v2/a/referrers/MANIFEST?artifactType=a/b       200
    end-9   DELETE  /v2/a/manifests/v2                              404
    end-9   DELETE  /v2/a/manifests/v1                              202
    end-9   DELETE  /v2/a/manifests/MANIFEST                        202
    end-9   DELETE  /v2/a/manifests/MANIFEST                        404
    end-10  DELETE  /v2/a/blobs/BLOB                                202
    end-10  DELETE  /v2/a/blobs/BLOB                                404
";
