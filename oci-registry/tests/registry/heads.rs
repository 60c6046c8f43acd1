//! HEAD, wherever GET is answered.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use oci_spec_types::{Descriptor, Digest, MediaType};

use crate::fixture::{Answer, Fixture, image, on_every_storage};

on_every_storage!(
    rp2_rh5_what_the_client_has_is_not_sent_again,
    rp7_rh5_a_head_is_a_get_without_content,
);

fn rp7_rh5_a_head_is_a_get_without_content(fixture: &Fixture) {
    let blob = fixture.push_blob("a", b"blob").to_string();
    let manifest = fixture.push_image("a", "v1", &image("one"));
    fixture.push_image("a", "v2", &image("two"));
    let subject = Descriptor::new(MediaType::IMAGE_MANIFEST, manifest.clone(), 2);
    fixture.push_image("a", "sbom", &image("three").with_subject(subject));
    let upload = fixture.start_upload("a");
    let absent = Digest::sha256(b"absent").to_string();
    for row in ROWS.trim().lines() {
        let (path, status) = row.trim().split_once(' ').unwrap();
        let path = path.replace("BLOB", &blob).replace("MANIFEST", &manifest.to_string());
        let path = path.replace("ABSENT", &absent).replace("UPLOAD", &upload);
        let get = fixture.get(&path).send();
        let head = fixture.head(&path).send();
        assert_eq!(get.status().as_str(), status.trim(), "{path}");
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(fields(&head), fields(&get), "{path}");
        assert!(head.content().is_empty(), "{path}");
        if get.status() != StatusCode::NO_CONTENT {
            let length = get.content().len().to_string();
            assert_eq!(head.header("content-length"), Some(length), "{path}");
        }
    }
}

fn rp2_rh5_what_the_client_has_is_not_sent_again(fixture: &Fixture) {
    let manifest = fixture.push_image("a", "v1", &image("one"));
    let blob = Digest::sha256(b"{}");
    for (path, digest) in [
        ("/v2/a/manifests/v1".to_owned(), &manifest),
        (format!("/v2/a/manifests/{manifest}"), &manifest),
        (format!("/v2/a/blobs/{blob}"), &blob),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let call = fixture.call(method, &path);
            let answer = call.header("if-none-match", &format!("\"{digest}\"")).send();
            let unchanged = answer.expect(StatusCode::NOT_MODIFIED);
            assert!(unchanged.content().is_empty());
            assert_eq!(unchanged.header("etag"), Some(format!("\"{digest}\"")));
            assert_eq!(unchanged.header("docker-content-digest"), Some(digest.to_string()));
        }
    }
}

fn fields(answer: &Answer) -> BTreeMap<String, Vec<String>> {
    let names = answer.header_names();
    names
        .into_iter()
        .map(|name| (name.clone(), answer.headers(&name)))
        .collect()
}

/// Path and status.
const ROWS: &str = "
    /v2/                                            200
    /v2/_catalog?n=1                                200
    /v2/a/tags/list                                 200
    /v2/a/tags/list?n=1                             200
    /v2/a/tags/list?n=x                             400
    /v2/b/tags/list                                 404
    /v2/A/tags/list                                 400
    /v2/a/blobs/BLOB                                200
    /v2/a/blobs/ABSENT                              404
    /v2/a/blobs/sha256:0                            400
    /v2/a/manifests/v1                              200
    /v2/a/manifests/MANIFEST                        200
    /v2/a/manifests/ABSENT                          404
    /v2/a/manifests/v9                              404
    /v2/a/referrers/MANIFEST                        200
    /v2/a/referrers/MANIFEST?artifactType=a/b       200
    /v2/a/referrers/sha256:0                        400
    UPLOAD                                          204
    /v2/a/blobs/uploads/0                           404
    /v2/a/blobs/uploads/                            405
    /elsewhere                                      404
";
