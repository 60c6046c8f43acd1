//! Indexes of images.

use std::sync::Arc;

use oci_client_core::ErrorKind;
use oci_client_core::runtime::block_on;
use oci_client_core::store::{MemoryStore, Source};
use oci_spec_types::{Platform, TagOrDigest};

use super::{check, layer, repository, scratch, tag};
use crate::build::{Image, Index};

fn image_for(platform: &str) -> Image {
    let edit = scratch(platform).edit().append(&layer(platform), platform);
    edit.finish().unwrap()
}

fn by_digest(image: &Image) -> TagOrDigest {
    TagOrDigest::Digest(image.digest().clone())
}

fn platforms(index: &Index) -> Vec<String> {
    let entries = index.document().value().manifests.iter();
    entries
        .map(|entry| entry.platform.as_ref().unwrap().to_string())
        .collect()
}

fn index_of(names: &[&str]) -> Index {
    let edit = names.iter().fold(Index::empty().edit(), |edit, name| {
        let image = image_for(name);
        let digest = by_digest(&image);
        block_on(edit.append(Arc::new(image), &digest)).unwrap()
    });
    edit.finish().unwrap()
}

#[test]
fn an_index_is_made_stored_and_appended_to() {
    let repository = repository();
    let index = index_of(&["linux/amd64", "linux/arm64", "linux/amd64"]);
    assert_eq!(platforms(&index), ["linux/amd64", "linux/arm64"]);
    block_on(index.put_to(&repository, Some(&"1".parse().unwrap()))).unwrap();

    let source: Arc<dyn Source> = Arc::new(repository.clone());
    let loaded = block_on(Index::load(source.clone(), &tag("1"))).unwrap();
    assert_eq!(loaded.document(), index.document());
    assert_eq!(loaded.edit().finish().unwrap().digest(), index.digest());

    // Of several sources: what the index lists, and one more.
    let other = Arc::new(index_of(&["linux/arm/v7"]));
    let named = TagOrDigest::Digest(other.digest().clone());
    let edit = block_on(Index::load(source.clone(), &tag("1"))).unwrap().edit();
    let more = block_on(edit.append(other, &named))
        .unwrap()
        .annotation("k", "v")
        .finish()
        .unwrap();
    let store = MemoryStore::new();
    block_on(more.put_to(&store, Some(&"2".parse().unwrap()))).unwrap();
    let store: Arc<dyn Source> = Arc::new(store);
    for name in ["linux/amd64", "linux/arm64", "linux/arm/v7"] {
        let platform: Platform = name.parse().unwrap();
        let found = block_on(Image::load(store.clone(), &tag("2"), Some(&platform))).unwrap();
        assert_eq!(found.manifest(), image_for(name).manifest());
    }
    check(
        block_on(Image::load(store.clone(), &tag("2"), None)),
        ErrorKind::Invalid,
        "name a platform",
    );
    let none: Platform = "windows/amd64".parse().unwrap();
    check(
        block_on(Image::load(store, &tag("2"), Some(&none))),
        ErrorKind::NotFound,
        "platform",
    );
}

#[test]
fn an_index_is_filtered_and_what_is_left_stays_as_it_is() {
    let index = index_of(&["linux/amd64", "linux/arm64", "windows/amd64"]);
    let entries = index.document().value().manifests.clone();
    let wanted: Vec<Platform> = ["windows/amd64", "linux/amd64"]
        .map(|name| name.parse().unwrap())
        .into();
    let kept = index.edit().retain_platforms(&wanted).unwrap().finish().unwrap();
    assert_eq!(
        kept.document().value().manifests,
        [entries[0].clone(), entries[2].clone()]
    );
    block_on(kept.put_to(&MemoryStore::new(), None)).unwrap();
    let missing = kept.edit().retain_platforms(&["linux/s390x".parse().unwrap()]);
    check(missing, ErrorKind::NotFound, "linux/s390x");
    let one = index_of(&["linux/amd64", "linux/arm64"]).edit();
    let one = one.retain(|entry| entry.digest == entries[1].digest).finish().unwrap();
    assert_eq!(platforms(&one), ["linux/arm64"]);
}

#[test]
fn an_image_is_no_index() {
    let image = image_for("linux/amd64");
    let digest = by_digest(&image);
    check(
        block_on(Index::load(Arc::new(image), &digest)),
        ErrorKind::Invalid,
        "append it",
    );
}
