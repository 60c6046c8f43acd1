//! The checks for stores: every store of this crate passes them, and each rule is one that can be broken.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use oci_client_core::client::Content;
use oci_client_core::proto::Span;
use oci_client_core::store::{CachedSource, MemoryStore, OciLayout, Source, SourceChain, Stored, Target};
use oci_client_core::store_testing::{Bench, Report, check};
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, Tag, TagOrDigest};
use test_support::SimRuntime;

use crate::support::repository;

#[test]
fn memory_layouts_and_repositories_pass() {
    let runtime = SimRuntime::new();
    let folder = tempfile::tempdir().unwrap();
    let number = AtomicUsize::new(0);
    let report = runtime.run(check(|| async { MemoryStore::new() }));
    report.assert_passed();
    assert!(report.checks() > 15);
    let layout = || async {
        let path = folder.path().join(number.fetch_add(1, Ordering::Relaxed).to_string());
        OciLayout::create(path, Arc::new(runtime.clone())).await.unwrap()
    };
    runtime.run(check(layout)).assert_passed();
    let repository = || async { repository(&runtime, Registry::in_memory()) };
    runtime.run(check(repository)).assert_passed();
}

/// A cache is as good a source as what it reads from, with and without room.
#[test]
fn chains_and_caches_pass_over_stores_that_do() {
    let runtime = SimRuntime::new();
    for limit in [0, 1000, 1 << 20] {
        let new = || async move { Layered::new(limit) };
        runtime.run(check(new)).assert_passed();
    }
}

/// Each flaw of a store is found, and no rule is one that nothing breaks.
#[test]
fn every_rule_is_broken_by_some_store() {
    let runtime = SimRuntime::new();
    let mut broken = BTreeSet::new();
    let mut checks = 0;
    for flaw in Flaw::ALL {
        let report: Report = runtime.run(check(|| async move { Flawed::new(flaw) }));
        assert!(!report.violations().is_empty(), "{flaw:?} is not found");
        checks = report.checks();
        broken.extend(report.violations().iter().map(|violation| violation.rule()));
    }
    assert_eq!(broken.len(), checks, "{broken:#?}");
}

/// Memory, read through a cache in front of a chain.
struct Layered {
    limit: u64,
    store: Arc<MemoryStore>,
}

impl Layered {
    fn new(limit: u64) -> Self {
        let store = Arc::default();
        Self { limit, store }
    }
}

#[async_trait]
impl Bench for Layered {
    fn target(&self) -> &dyn Target {
        &*self.store
    }

    async fn into_source(self: Box<Self>) -> Arc<dyn Source> {
        let chain = SourceChain::new().then(Arc::new(MemoryStore::new())).then(self.store);
        let cache = Arc::new(MemoryStore::new());
        Arc::new(CachedSource::new(Arc::new(chain), cache, self.limit).await.unwrap())
    }
}

#[derive(Clone, Copy, Debug)]
enum Flaw {
    BelievesContent,
    ForgetsBlobs,
    ForgetsManifests,
    ForgetsTags,
    IgnoresParts,
    KeepsFirstTag,
    KeepsPieces,
    LosesReferrers,
    LosesTags,
    OneAlgorithm,
    OnlyOnce,
    SaysItHasAll,
    WrongKind,
}

impl Flaw {
    const ALL: [Self; 13] = [
        Self::BelievesContent,
        Self::ForgetsBlobs,
        Self::ForgetsManifests,
        Self::ForgetsTags,
        Self::IgnoresParts,
        Self::KeepsFirstTag,
        Self::KeepsPieces,
        Self::LosesReferrers,
        Self::LosesTags,
        Self::OneAlgorithm,
        Self::OnlyOnce,
        Self::SaysItHasAll,
        Self::WrongKind,
    ];
}

/// Memory with a flaw.
struct Flawed {
    begun: Mutex<BTreeSet<Digest>>,
    flaw: Flaw,
    store: MemoryStore,
}

impl Flawed {
    fn new(flaw: Flaw) -> Self {
        Self {
            begun: Mutex::default(),
            flaw,
            store: MemoryStore::new(),
        }
    }

    fn error(&self, error: Error) -> Error {
        match self.flaw {
            Flaw::WrongKind => Error::new(ErrorKind::Store, error.to_string()),
            _ => error,
        }
    }

    /// Keeps what comes, whatever it is, piece by piece or at its end.
    async fn keep(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        let mut chunks = content.open(Span::from(0)).await?;
        let mut whole = Vec::new();
        while let Some(chunk) = chunks.try_next().await? {
            whole.extend_from_slice(&chunk);
            if matches!(self.flaw, Flaw::KeepsPieces) {
                self.store.add_content(descriptor, Arc::new(Bytes::from(whole.clone())));
            }
        }
        self.store.add_content(descriptor, Arc::new(Bytes::from(whole)));
        Ok(Stored::New)
    }
}

#[async_trait]
impl Source for Flawed {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.store.manifest(target).await.map_err(|error| self.error(error))
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        let found = self.store.content(&descriptor.digest);
        let missing = || self.error(Error::new(ErrorKind::NotFound, "it is not there"));
        match self.flaw {
            Flaw::IgnoresParts => Ok(Arc::new(Whole(found.ok_or_else(missing)?))),
            _ => found.ok_or_else(missing),
        }
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let found = self.store.referrers(subject).await?;
        match self.flaw {
            Flaw::LosesReferrers => Ok(Vec::new()),
            _ => Ok(found),
        }
    }

    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        match self.flaw {
            Flaw::LosesTags => Ok(Vec::new()),
            _ => self.store.tags().await,
        }
    }
}

#[async_trait]
impl Target for Flawed {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        let first = self.begun.lock().unwrap().insert(descriptor.digest.clone());
        let refused = || Err(Error::new(ErrorKind::Store, "refused"));
        match self.flaw {
            Flaw::BelievesContent | Flaw::KeepsPieces => self.keep(descriptor, content).await,
            Flaw::ForgetsBlobs => Ok(Stored::New),
            Flaw::OneAlgorithm if descriptor.digest.algorithm().as_str() != "sha256" => refused(),
            Flaw::OnlyOnce if !first => refused(),
            Flaw::SaysItHasAll if !descriptor.digest.is_verifiable() => Ok(Stored::Present),
            _ => self.store.put_blob(descriptor, content).await,
        }
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        match self.flaw {
            Flaw::ForgetsManifests => Ok(()),
            _ => self.store.put_manifest(document).await,
        }
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        let known = match tag {
            Some(tag) => self.store.resolve(&TagOrDigest::Tag(tag.clone())).await?.is_some(),
            None => false,
        };
        match self.flaw {
            Flaw::ForgetsTags => self.store.put_root(document, None).await,
            Flaw::KeepsFirstTag if known => Ok(()),
            _ => self.store.put_root(document, tag).await,
        }
    }

    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool, Error> {
        match self.flaw {
            Flaw::SaysItHasAll => Ok(true),
            _ => self.store.has_blob(descriptor).await,
        }
    }

    async fn resolve(&self, target: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        self.store.resolve(target).await
    }
}

/// Always gives the whole.
struct Whole(Arc<dyn Content>);

#[async_trait]
impl Content for Whole {
    async fn open(&self, _: Span) -> Result<oci_client_core::client::Chunks, Error> {
        self.0.open(Span::from(0)).await
    }
}
