//! A repository as an OCI layout.

use std::fs;
use std::sync::Arc;

use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::store::{OciLayout, Source};
use oci_registry::storage::export_layout;
use oci_spec_types::{Descriptor, Digest, ImageIndex, ImageManifest, MediaType, TagOrDigest};

use crate::fixture::{Fixture, image, json, on_every_storage};

on_every_storage!(all_tags, incomplete, with_referrers);

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

/// What refers to something that a tag leads to, and what refers to that, is there for those who look it up; what refers to anything else is not.
fn with_referrers(fixture: &Fixture) {
    fixture.push_image("a/b", "v1", &image("one"));
    let list = ImageIndex::new(vec![Descriptor::of(MediaType::IMAGE_MANIFEST, &json(&image("one")))]);
    fixture.push_manifest("a/b", "all", &MediaType::IMAGE_INDEX, &json(&list));
    let attach = |note: &str, subject: Descriptor| {
        let mut referrer = image(note);
        referrer.subject = Some(subject);
        let content = json(&referrer);
        let digest = Digest::sha256(&content).to_string();
        fixture.push_image("a/b", &digest, &referrer);
        Descriptor::of(MediaType::IMAGE_MANIFEST, &content)
    };
    let [one, all] = [
        Descriptor::of(MediaType::IMAGE_MANIFEST, &json(&image("one"))),
        Descriptor::of(MediaType::IMAGE_INDEX, &json(&list)),
    ];
    let other = Descriptor::of(MediaType::IMAGE_MANIFEST, b"not here");
    let signature = attach("signature", one.clone());
    let signature_of_all = attach("signature of all", all.clone());
    let stamp = attach("stamp", signature.clone());
    attach("of another", other.clone());
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        assert_eq!(export(fixture, folder.path()).unwrap(), 2);
    }
    let layout = block_on(OciLayout::open(folder.path(), Arc::new(ThreadRuntime::new()))).unwrap();
    for (subject, referrer) in [
        (one, Some(&signature)),
        (all, Some(&signature_of_all)),
        (signature.clone(), Some(&stamp)),
        (other, None),
    ] {
        let found = block_on(layout.referrers(&subject.digest)).unwrap();
        let found: Vec<_> = found.iter().map(|found| &found.digest).collect();
        assert_eq!(found, Vec::from_iter(referrer.map(|referrer| &referrer.digest)));
    }
    // Each has one entry, and those have no name.
    let index: ImageIndex = serde_json::from_slice(&fs::read(folder.path().join("index.json")).unwrap()).unwrap();
    let entries = index.manifests.iter();
    let nameless = entries.filter(|entry| entry.annotations.get("org.opencontainers.image.ref.name").is_none());
    assert_eq!(nameless.count(), 3);
    assert_eq!(index.manifests.len(), 5);
}

fn export(fixture: &Fixture, path: &std::path::Path) -> Result<usize, oci_client_core::Error> {
    let repository = "a/b".parse().unwrap();
    let runtime = Arc::new(ThreadRuntime::new());
    block_on(export_layout(fixture.storage(), &repository, path, runtime))
}
