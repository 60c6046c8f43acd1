use std::ops::Range;

use bytes::Bytes;
use oci_spec_types::MediaType;

use super::super::super::{PutManifest, StoredManifest};
use super::super::files::{LISTED, SYNCED};
use super::super::{DirectoryOptions, Durability};
use super::*;

/// What many tags cost is proportional to their number: setting one touches nothing that grows, and paging through all reads the directory once. `interop/tags` measures
/// 100,000.
#[test]
fn many_tags_cost_no_more_each() {
    let root = tempfile::tempdir().unwrap();
    let repository: RepositoryName = "a".parse().unwrap();
    let content = Bytes::from_static(b"{}");
    let target = Digest::sha256(&content);
    let manifest = StoredManifest::new(MediaType::IMAGE_MANIFEST, content);
    let put = |store: &Store, numbers: Range<usize>| {
        let tags = numbers.map(|number| format!("t{number:06}").parse().unwrap());
        let put = PutManifest::new(repository.clone(), target.clone(), manifest.clone()).with_tags(tags.collect());
        store.put_manifest(&put).unwrap();
    };
    let options = DirectoryOptions::new();
    let store = Store::open(root.path().to_owned(), options.with_durability(Durability::Relaxed)).unwrap();
    for start in (0..TAGS).step_by(AT_ONCE) {
        LISTED.take();
        put(&store, start..start + AT_ONCE);
        assert_eq!(LISTED.take(), 0);
    }
    drop(store);
    let store = Store::open(root.path().to_owned(), options).unwrap();
    SYNCED.take();
    LISTED.take();
    for number in TAGS..TAGS + SYNCED_TAGS {
        put(&store, number..number + 1);
        // The directories of the manifest and of the tags.
        assert_eq!(SYNCED.take().len(), 2);
        assert_eq!(LISTED.take(), 0);
    }
    let mut found: Vec<Tag> = Vec::new();
    loop {
        let after = found.last().map(ToString::to_string);
        let page = store.tags(&repository, after.as_deref(), 100).unwrap().unwrap();
        found.extend_from_slice(page.items());
        if !page.has_more() {
            break;
        }
    }
    assert_eq!(found.len(), TAGS + SYNCED_TAGS);
    assert_eq!(LISTED.take(), 1);
}

const AT_ONCE: usize = 100;
const SYNCED_TAGS: usize = 100;
const TAGS: usize = 10_000;
