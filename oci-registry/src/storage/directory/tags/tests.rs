use bytes::Bytes;
use oci_spec_types::MediaType;

use super::super::super::{PutManifest, StoredManifest};
use super::super::DirectoryOptions;
use super::super::files::{LISTED, SYNCED};
use super::*;

/// What many tags cost is proportional to their number: setting one touches nothing that grows, and paging through all reads the directory once.
#[test]
fn many_tags_cost_no_more_each() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path().to_owned(), DirectoryOptions::new()).unwrap();
    let repository: RepositoryName = "a".parse().unwrap();
    let content = Bytes::from_static(b"{}");
    let target = Digest::sha256(&content);
    let manifest = StoredManifest::new(MediaType::IMAGE_MANIFEST, content);
    let put = |number: usize| {
        let tag = format!("t{number:04}").parse().unwrap();
        let put = PutManifest::new(repository.clone(), target.clone(), manifest.clone()).with_tags(vec![tag]);
        store.put_manifest(&put).unwrap();
    };
    put(0);
    SYNCED.take();
    LISTED.take();
    for number in 1..TAGS {
        put(number);
        // The directories of the manifest and of the tags.
        assert_eq!(SYNCED.take().len(), 2);
        assert_eq!(LISTED.take(), 0);
    }
    let mut found: Vec<Tag> = Vec::new();
    loop {
        let after = found.last().map(ToString::to_string);
        let page = store.tags(&repository, after.as_deref(), 10).unwrap().unwrap();
        found.extend_from_slice(page.items());
        if !page.has_more() {
            break;
        }
    }
    assert_eq!(found.len(), TAGS);
    assert_eq!(LISTED.take(), 1);
}

const TAGS: usize = 300;
