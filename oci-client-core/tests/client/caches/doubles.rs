//! Stores that count, cut into pieces or are full.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_channel::mpsc;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use oci_client_core::client::{Chunks, Content};
use oci_client_core::proto::Span;
use oci_client_core::runtime::Runtime as _;
use oci_client_core::store::{CacheStore, MemoryStore, OciLayout, Source, Stored, Target};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, Tag, TagOrDigest};
use test_support::SimRuntime;

/// Counts the manifests that are asked for by tag, and the readings of blobs.
pub(super) struct Counting {
    blobs: Arc<AtomicUsize>,
    manifests: AtomicUsize,
    pub(super) store: MemoryStore,
}

impl Counting {
    pub(super) fn of(store: MemoryStore) -> Arc<Self> {
        Arc::new(Self {
            blobs: Arc::default(),
            manifests: AtomicUsize::new(0),
            store,
        })
    }

    pub(super) fn counted(&self) -> (usize, usize) {
        (
            self.manifests.load(Ordering::Relaxed),
            self.blobs.load(Ordering::Relaxed),
        )
    }
}

#[async_trait]
impl Source for Counting {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.manifests.fetch_add(1, Ordering::Relaxed);
        self.store.manifest(target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        Ok(Arc::new(CountedContent {
            // Not what memory gives out, which is verified already.
            content: self.store.content(&descriptor.digest).unwrap(),
            opened: self.blobs.clone(),
        }))
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        self.store.referrers(subject).await
    }

    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        self.store.tags().await
    }
}

struct CountedContent {
    content: Arc<dyn Content>,
    opened: Arc<AtomicUsize>,
}

#[async_trait]
impl Content for CountedContent {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.content.open(span).await
    }
}

/// Content in pieces of a thousand bytes, whatever length is asked for.
pub(super) struct Pieces(pub(super) Bytes);

#[async_trait]
impl Content for Pieces {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let from = usize::try_from(span.start).unwrap().min(self.0.len());
        let until = span
            .len
            .map_or(self.0.len(), |len| (from + len as usize).min(self.0.len()));
        // As a source that has more than it should gives it all.
        let until = if from == 0 { self.0.len() } else { until };
        let part = self.0.slice(from..until);
        let pieces: Vec<_> = part.chunks(1000).map(Bytes::copy_from_slice).map(Ok).collect();
        Ok(stream::iter(pieces).boxed())
    }
}

/// A cache on a full disk.
pub(super) struct Full {
    /// How many pieces of a blob it takes.
    pub(super) fails_after: usize,
}

impl Full {
    fn error() -> Error {
        Error::new(ErrorKind::Store, "the disk is full")
    }
}

#[async_trait]
impl Source for Full {
    async fn manifest(&self, _: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        Err(Self::error())
    }

    async fn blob(&self, _: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        Err(Self::error())
    }
}

#[async_trait]
impl Target for Full {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        let chunks = content.open(Span::new(0, descriptor.size)).await?;
        chunks.take(self.fails_after).try_collect::<Vec<Bytes>>().await?;
        Err(Self::error())
    }

    async fn put_manifest(&self, _: &Document<AnyManifest>) -> Result<(), Error> {
        Err(Self::error())
    }

    async fn put_root(&self, _: &Document<AnyManifest>, _: Option<&Tag>) -> Result<(), Error> {
        Err(Self::error())
    }
}

#[async_trait]
impl CacheStore for Full {
    async fn take_stock(&self) -> Result<Vec<(Digest, u64)>, Error> {
        Ok(Vec::new())
    }

    async fn remove(&self, _: &Digest) -> Result<(), Error> {
        Err(Self::error())
    }
}

/// A cache in memory that verifies nothing of what it gives out, and that takes its time, where it is told to, after it has removed something.
#[derive(Default)]
pub(super) struct Plain {
    pub(super) memory: MemoryStore,
    /// The first one to be removed waits here until it is sent something.
    pub(super) waits: Mutex<Option<mpsc::Receiver<()>>>,
}

#[async_trait]
impl Source for Plain {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.memory.manifest(target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        let content = self.memory.content(&descriptor.digest);
        content.ok_or_else(|| Error::new(ErrorKind::NotFound, "it is not there"))
    }
}

#[async_trait]
impl Target for Plain {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        self.memory.put_blob(descriptor, content).await
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.memory.put_manifest(document).await
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        self.memory.put_root(document, tag).await
    }
}

#[async_trait]
impl CacheStore for Plain {
    async fn take_stock(&self) -> Result<Vec<(Digest, u64)>, Error> {
        self.memory.take_stock().await
    }

    async fn remove(&self, digest: &Digest) -> Result<(), Error> {
        self.memory.remove(digest).await?;
        let waits = self.waits.lock().unwrap().take();
        if let Some(mut until) = waits {
            until.next().await;
        }
        Ok(())
    }
}

/// A cache in a folder that writes blobs in tasks of their own.
pub(super) struct Detached {
    pub(super) layout: Arc<OciLayout>,
    pub(super) runtime: SimRuntime,
}

#[async_trait]
impl Source for Detached {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.layout.manifest(target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        self.layout.blob(descriptor).await
    }
}

#[async_trait]
impl Target for Detached {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        let (layout, descriptor) = (self.layout.clone(), descriptor.clone());
        let (mut sender, mut stored) = mpsc::channel(1);
        self.runtime.spawn(Box::pin(async move {
            let _ = sender.try_send(layout.put_blob(&descriptor, content).await);
        }));
        stored.next().await.unwrap()
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.layout.put_manifest(document).await
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        self.layout.put_root(document, tag).await
    }
}

#[async_trait]
impl CacheStore for Detached {
    async fn take_stock(&self) -> Result<Vec<(Digest, u64)>, Error> {
        self.layout.take_stock().await
    }

    async fn remove(&self, digest: &Digest) -> Result<(), Error> {
        self.layout.remove(digest).await
    }
}
