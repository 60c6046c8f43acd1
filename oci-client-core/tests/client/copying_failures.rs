//! Copies of repositories that go on after failures: what is in the target never lacks a part, whatever failed before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use oci_client_core::client::Content;
use oci_client_core::store::{
    Copied, CopyOptions, CopyPart, MemoryStore, RepositoryCopied, RepositoryCopyOptions, Source, Stored, TagOutcome,
    Target, copy, copy_repository,
};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, ImageManifest, MediaType, Tag, TagOrDigest};
use test_support::SimRuntime;

use crate::copying::index;
use crate::support::{Image, by_digest, document, tag, target};

/// Keeps everything but one manifest, which it refuses some times: under a tag, or as a root without one too.
struct Refusing {
    inner: MemoryStore,
    refused: Digest,
    times: AtomicUsize,
}

impl Refusing {
    fn new(refused: &Digest, times: usize) -> Self {
        Self {
            inner: MemoryStore::new(),
            refused: refused.clone(),
            times: times.into(),
        }
    }

    fn check(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        let order = Ordering::Relaxed;
        if *document.digest() == self.refused && self.times.load(order) > 0 {
            self.times.fetch_sub(1, order);
            return Err(Error::new(ErrorKind::Refused, "no"));
        }
        Ok(())
    }
}

#[async_trait]
impl Target for Refusing {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        self.inner.put_blob(descriptor, content).await
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.check(document)?;
        self.inner.put_manifest(document).await
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        self.check(document)?;
        self.inner.put_root(document, tag).await
    }
}

fn going(source: &MemoryStore, target: &dyn Target, options: CopyOptions) -> RepositoryCopied {
    let options = RepositoryCopyOptions::new(options.with_keep_going());
    SimRuntime::new()
        .run(copy_repository(source, target, &options))
        .unwrap()
}

fn copied<'r>(report: &'r RepositoryCopied, name: &str) -> &'r Copied {
    let found = report.tags.iter().find(|found| found.tag == tag(name)).unwrap();
    match &found.outcome {
        TagOutcome::Copied(copied) => copied,
        other => panic!("{other:?}"),
    }
}

fn has(store: &MemoryStore, target: &TagOrDigest) -> bool {
    SimRuntime::new().run(store.manifest(target)).is_ok()
}

/// An index in an index, and so on: one more than may be.
fn too_deep(store: &MemoryStore, first: &Document<AnyManifest>) -> Vec<Document<AnyManifest>> {
    let mut all = vec![first.clone()];
    for _ in 0..=CopyOptions::MAX_DEPTH {
        let next = index(&[all.last().unwrap()]);
        store.add_manifest(next.clone(), None);
        all.push(next);
    }
    all
}

#[test]
fn what_a_copy_that_was_given_up_has_only_looked_at_is_copied_for_the_next_tag() {
    let (source, there) = (MemoryStore::new(), MemoryStore::new());
    let image = Image::new(1, &[10]);
    image.add_to(&source, None);
    let chain = too_deep(&source, &image.document);
    source.add_manifest(chain.last().unwrap().clone(), Some(tag("a")));
    let middle = &chain[3];
    source.add_manifest(index(&[middle]), Some(tag("b")));
    let report = going(&source, &there, CopyOptions::new());
    let TagOutcome::Failed(error) = &report.tags[0].outcome else {
        panic!("{report:?}");
    };
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(copied(&report, "b").is_complete());
    assert!(has(&there, &target("b")));
    for part in &chain[..=3] {
        assert!(has(&there, &by_digest(part.digest())), "{}", part.digest());
    }
}

#[test]
fn failures_are_those_of_their_own_tag() {
    let (source, there) = (MemoryStore::new(), MemoryStore::new());
    let (lost, image) = (Image::new(1, &[10]), Image::new(2, &[10]));
    // Its blobs are nowhere.
    source.add_manifest(lost.document.clone(), None);
    image.add_to(&source, Some("b"));
    let chain = too_deep(&source, &image.document);
    source.add_manifest(index(&[&lost.document, chain.last().unwrap()]), Some(tag("a")));
    let report = going(&source, &there, CopyOptions::new());
    assert!(matches!(report.tags[0].outcome, TagOutcome::Failed(_)));
    assert!(copied(&report, "b").is_complete(), "{report:?}");
}

#[test]
fn a_root_that_was_refused_is_missing_where_it_is_a_part() {
    let source = MemoryStore::new();
    let image = Image::new(1, &[10]);
    image.add_to(&source, Some("a"));
    source.add_manifest(index(&[&image.document]), Some(tag("b")));
    let there = Refusing::new(image.digest(), 1);
    let report = going(&source, &there, CopyOptions::new().with_referrers());
    assert!(!copied(&report, "a").root_stored);
    let whole = has(&there.inner, &by_digest(image.digest()));
    assert_eq!(copied(&report, "b").root_stored, whole);
    assert_eq!(has(&there.inner, &target("b")), whole);
}

#[test]
fn a_root_that_was_refused_is_tried_again_under_its_next_tag() {
    let source = MemoryStore::new();
    let image = Image::new(1, &[10]);
    image.add_to(&source, Some("a"));
    image.add_to(&source, Some("b"));
    for options in [CopyOptions::new(), CopyOptions::new().with_referrers()] {
        let there = Refusing::new(image.digest(), 1);
        let report = going(&source, &there, options);
        assert!(!copied(&report, "a").root_stored);
        assert!(copied(&report, "b").is_complete());
        assert!(has(&there.inner, &target("b")));
    }
}

#[test]
fn what_a_digest_tag_could_not_bring_is_missing_where_it_is_a_part() {
    let (source, there) = (MemoryStore::new(), MemoryStore::new());
    let (image, lost) = (Image::new(1, &[10]), Image::new(2, &[10]));
    image.add_to(&source, Some("a"));
    // Its blobs are nowhere.
    let name = format!("{}.x", image.digest().fallback_tag());
    source.add_manifest(lost.document.clone(), Some(name.parse().unwrap()));
    source.add_manifest(index(&[&lost.document]), Some(tag("b")));
    let report = going(&source, &there, CopyOptions::new().with_digest_tags());
    assert!(copied(&report, "a").root_stored);
    assert!(!copied(&report, "b").root_stored);
    assert!(!has(&there, &target("b")));
}

#[test]
fn a_root_that_is_refused_before_its_referrers_is_in_the_report() {
    let source = MemoryStore::new();
    let image = Image::new(1, &[10]);
    image.add_to(&source, Some("v1"));
    let config = source.add_blob(MediaType::EMPTY_JSON, "{}");
    let mut signature = ImageManifest::new(config, Vec::new());
    signature.subject = Some(image.document.descriptor());
    source.add_manifest(document(signature), None);
    let there = Refusing::new(image.digest(), usize::MAX);
    let options = CopyOptions::new().with_referrers().with_keep_going();
    let copied = SimRuntime::new()
        .run(copy(&source, &target("v1"), &there, Some(&tag("v1")), &options))
        .unwrap();
    assert!(!copied.root_stored);
    let parts: Vec<&CopyPart> = copied.failures.iter().map(|failure| &failure.part).collect();
    assert_eq!(parts, [&CopyPart::Manifest(image.digest().clone())]);
}
