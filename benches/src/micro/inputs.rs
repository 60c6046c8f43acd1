//! What is parsed.

use std::sync::LazyLock;

use oci_spec_types::{Annotations, Descriptor, Digest, Document, ImageIndex, ImageManifest, MediaType, Platform};

/// A short name, as people type it.
pub(super) const SHORT: &str = "busybox";

/// A name with everything that one can have.
pub(super) const LONG: &str = "registry.example.com:5000/team/project/application:v1.2.3-rc.1@\
                               sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(super) const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(super) static DESCRIPTOR: LazyLock<Vec<u8>> =
    LazyLock::new(|| serde_json::to_vec(&entry(0)).expect("a descriptor can be written"));

/// As many entries as are read by default, in 3 MB.
pub(super) static INDEX: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let index = ImageIndex::new((0..10_000).map(entry).collect());
    written(&Document::from_value(index).expect("the index is within the limits"))
});

pub(super) static MANIFEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let layers = (0..200).map(|number| described(MediaType::IMAGE_LAYER_GZIP, number));
    let config = described(MediaType::IMAGE_CONFIG, 200);
    let manifest = ImageManifest::new(config, layers.collect());
    written(&Document::from_value(manifest).expect("the manifest is within the limits"))
});

/// An entry of an index as build tools write it: a platform, and two annotations.
fn entry(number: u64) -> Descriptor {
    let platform = if number.is_multiple_of(2) {
        "linux/amd64"
    } else {
        "linux/arm64"
    };
    described(MediaType::IMAGE_MANIFEST, number)
        .with_platform(platform.parse::<Platform>().expect("a known platform"))
        .with_annotation(Annotations::REF_NAME, format!("v1.0.{number}"))
        .with_annotation(Annotations::CREATED, "2026-01-02T03:04:05Z")
}

fn described(media_type: MediaType, number: u64) -> Descriptor {
    Descriptor::new(media_type, Digest::sha256(&number.to_le_bytes()), 1_000 + number)
}

fn written<T>(document: &Document<T>) -> Vec<u8> {
    document.bytes().to_vec()
}
