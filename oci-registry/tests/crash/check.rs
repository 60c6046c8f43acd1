//! What must be so after a kill.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use http::{Request, StatusCode};
use oci_client_core::runtime::block_on;
use oci_client_core::transport::Body;
use oci_registry::Registry;
use oci_registry::storage::Durability;
use oci_spec_types::Digest;

use crate::model::{Model, Repository};
use crate::open;
use crate::operation::{blobs, content, manifest};

/// Compares what is there with the content `before` and `after` the operation that was under way, and returns what is there.
pub(crate) fn check(directory: &Path, before: &Model, after: &Model) -> Model {
    // Of every blob, also of those that no repository has yet.
    for entry in fs::read_dir(directory.join("blobs/sha256")).into_iter().flatten() {
        let entry = entry.unwrap();
        let digest = Digest::sha256(&fs::read(entry.path()).unwrap());
        assert_eq!(*digest.encoded_string(), *entry.file_name());
    }
    let registry = open(directory, Durability::Full);
    let found = look(&registry);
    within("blob", &before.blobs, &found.blobs, &after.blobs);
    within("image", &before.images, &found.images, &after.images);
    for place in before.tags.keys().chain(found.tags.keys()).chain(after.tags.keys()) {
        let target = found.tags.get(place);
        assert!(
            target == before.tags.get(place) || target == after.tags.get(place),
            "tag {place:?} points to {target:?}"
        );
    }
    for ((repository, _), image) in &found.tags {
        assert!(found.images.contains(&(*repository, *image)));
        for blob in blobs(*image) {
            assert!(found.blobs.contains(&(*repository, blob)), "image {image} lacks {blob}");
        }
    }
    assert_eq!(fs::read_dir(directory.join("temporary")).unwrap().count(), 0);
    assert!(!directory.join("quarantine").exists());
    found
}

/// What was there before and after is there, and nothing that was there at neither time.
fn within<T: Ord + std::fmt::Debug>(what: &str, before: &BTreeSet<T>, found: &BTreeSet<T>, after: &BTreeSet<T>) {
    let lost: Vec<&T> = before
        .intersection(after)
        .filter(|item| !found.contains(item))
        .collect();
    assert!(lost.is_empty(), "{what} {lost:?} is lost");
    let known = |item: &&T| before.contains(item) || after.contains(item);
    let unknown: Vec<&T> = found.iter().filter(|item| !known(item)).collect();
    assert!(unknown.is_empty(), "{what} {unknown:?} has come from nowhere");
}

/// Reads everything that can be there; it must have the right bytes.
fn look(registry: &Registry) -> Model {
    let mut found = Model::default();
    for repository in Repository::ALL {
        for blob in 0..20 {
            let bytes = content(blob);
            let path = format!("/v2/{repository}/blobs/{}", Digest::sha256(&bytes));
            if let Some(found_bytes) = get(registry, &path) {
                assert!(found_bytes == bytes, "blob {blob} has other bytes");
                found.blobs.insert((repository, blob));
            }
        }
        for image in 0..4 {
            let bytes = manifest(image);
            let path = format!("/v2/{repository}/manifests/{}", Digest::sha256(&bytes));
            if let Some(found_bytes) = get(registry, &path) {
                assert!(found_bytes == bytes, "image {image} has other bytes");
                found.images.insert((repository, image));
            }
        }
        for tag in 0..3 {
            if let Some(bytes) = get(registry, &format!("/v2/{repository}/manifests/t{tag}")) {
                let image = (0..4).find(|image| bytes == manifest(*image));
                found
                    .tags
                    .insert((repository, tag), image.expect("a tag points to a whole manifest"));
            }
        }
    }
    found
}

fn get(registry: &Registry, path: &str) -> Option<Bytes> {
    let response = block_on(registry.handle(Request::get(path).body(Body::empty()).unwrap()));
    match response.status() {
        StatusCode::OK => Some(block_on(response.into_body().collect(usize::MAX)).unwrap()),
        status => {
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            None
        }
    }
}
