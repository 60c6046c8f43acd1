//! HEAD, wherever GET is answered.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use oci_spec_types::{Descriptor, Digest, MediaType};

use crate::fixture::{Answer, Fixture, image, on_every_storage};

on_every_storage!(rp7_rh5_a_head_is_a_get_without_content);

fn rp7_rh5_a_head_is_a_get_without_content(fixture: &Fixture) {
    let blob = fixture.push_blob("a", b"blob");
    let manifest = fixture.push_image("a", "v1", &image("one"));
    fixture.push_image("a", "v2", &image("two"));
    let subject = Descriptor::new(MediaType::IMAGE_MANIFEST, manifest.clone(), 2);
    fixture.push_image("a", "sbom", &image("three").with_subject(subject));
    let absent = Digest::sha256(b"absent");
    let upload = fixture.start_upload("a");
    let rows = [
        ("/v2/".to_owned(), 200),
        ("/v2/_catalog?n=1".to_owned(), 200),
        ("/v2/a/tags/list".to_owned(), 200),
        ("/v2/a/tags/list?n=1".to_owned(), 200),
        ("/v2/a/tags/list?n=x".to_owned(), 400),
        ("/v2/b/tags/list".to_owned(), 404),
        (format!("/v2/a/blobs/{blob}"), 200),
        (format!("/v2/a/blobs/{absent}"), 404),
        ("/v2/a/blobs/sha256:0".to_owned(), 400),
        ("/v2/a/manifests/v1".to_owned(), 200),
        (format!("/v2/a/manifests/{manifest}"), 200),
        (format!("/v2/a/manifests/{absent}"), 404),
        ("/v2/a/manifests/v9".to_owned(), 404),
        (format!("/v2/a/referrers/{manifest}"), 200),
        (format!("/v2/a/referrers/{manifest}?artifactType=a/b"), 200),
        ("/v2/a/referrers/sha256:0".to_owned(), 400),
        (upload, 204),
        (format!("/v2/a/blobs/uploads/{}", "0".repeat(32)), 404),
        ("/v2/a/blobs/uploads/".to_owned(), 405),
        ("/v2/A/tags/list".to_owned(), 400),
        ("/elsewhere".to_owned(), 404),
    ];
    for (path, status) in rows {
        let get = fixture.get(&path).send();
        let head = fixture.head(&path).send();
        assert_eq!(
            (get.status().as_u16(), head.status().as_u16()),
            (status, status),
            "{path}"
        );
        assert_eq!(fields(&head), fields(&get), "{path}");
        assert!(head.content().is_empty(), "{path}");
        if get.status() != StatusCode::NO_CONTENT {
            assert_eq!(
                head.header("content-length"),
                Some(get.content().len().to_string()),
                "{path}"
            );
        }
    }
    for (path, tag) in [
        ("/v2/a/manifests/v1".to_owned(), manifest),
        (format!("/v2/a/blobs/{blob}"), blob),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let call = fixture
                .call(method, &path)
                .header("if-none-match", &format!("\"{tag}\""));
            let unchanged = call.send().expect(StatusCode::NOT_MODIFIED);
            assert!(unchanged.content().is_empty());
            assert_eq!(unchanged.header("etag"), Some(format!("\"{tag}\"")));
            assert_eq!(unchanged.header("docker-content-digest"), Some(tag.to_string()));
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
