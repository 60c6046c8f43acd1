//! A repository as an OCI layout.

use std::fs;
use std::sync::Arc;

use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::store::{OciLayout, Source};
use oci_registry::storage::export_layout;
use oci_spec_types::{Descriptor, Digest, ImageIndex, ImageManifest, MediaType, TagOrDigest};

use crate::fixture::{Fixture, image, json, on_every_storage};

on_every_storage!(all_tags, incomplete);

fn all_tags(fixture: &Fixture) {
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let layer = fixture.push_blob("a/b", &content);
    let manifest = ImageManifest::new(
        image("one").config,
        vec![Descriptor::of(MediaType::IMAGE_LAYER, &content)],
    );
    fixture.push_image("a/b", "v1", &manifest);
    let index = json(&ImageIndex::new(vec![Descriptor::of(
        MediaType::IMAGE_MANIFEST,
        &json(&manifest),
    )]));
    fixture.push_manifest("a/b", "all", &MediaType::IMAGE_INDEX, &index);
    fixture.push_image("other", "v1", &image("other"));
    let folder = tempfile::tempdir().unwrap();
    // Twice: what is there already stays.
    for _ in 0..2 {
        let tags = export(fixture, folder.path()).unwrap();
        assert_eq!(tags, 2);
    }
    let layout = block_on(OciLayout::open(folder.path(), Arc::new(ThreadRuntime::new()))).unwrap();
    for (tag, expected) in [("v1", &json(&manifest)), ("all", &index)] {
        let target = TagOrDigest::Tag(tag.parse().unwrap());
        assert_eq!(block_on(layout.manifest(&target)).unwrap().bytes(), &expected[..]);
    }
    let blobs = folder.path().join("blobs/sha256");
    let file = blobs.join(layer.encoded_string());
    assert!(fs::read(&file).unwrap() == content);
    assert!(
        !blobs
            .join(Digest::sha256(&json(&image("other"))).encoded_string())
            .exists()
    );
    // Where the storage has files, they are shared.
    #[cfg(unix)]
    if let Some(root) = fixture.directory_path() {
        use std::os::unix::fs::MetadataExt;
        let stored = fs::metadata(root.join("blobs/sha256").join(layer.encoded_string())).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().ino(), stored.ino());
    }
}

fn incomplete(fixture: &Fixture) {
    let digest = fixture.push_blob("a/b", b"{}");
    fixture.push_image("a/b", "v1", &image("one"));
    fixture.delete(format!("/v2/a/b/blobs/{digest}")).send();
    let folder = tempfile::tempdir().unwrap();
    let error = export(fixture, folder.path()).unwrap_err();
    assert!(error.to_string().contains(&digest.to_string()), "{error}");
}

fn export(fixture: &Fixture, path: &std::path::Path) -> Result<usize, oci_client_core::Error> {
    let repository = "a/b".parse().unwrap();
    let runtime = Arc::new(ThreadRuntime::new());
    block_on(export_layout(fixture.storage(), &repository, path, runtime))
}
