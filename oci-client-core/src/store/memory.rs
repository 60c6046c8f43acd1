use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, MediaType, Tag, TagOrDigest};

use super::{Source, Stored, Target};
use crate::client::{Content, VerifiedContent};
use crate::proto::Span;
use crate::{Error, ErrorKind};

/// Manifests and blobs in memory, or blobs whose content lies elsewhere: for artifacts made on the spot, and for tests.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a blob and describes it, with its sha256 digest.
    pub fn add_blob(&self, media_type: MediaType, content: impl Into<Bytes>) -> Descriptor {
        let content = content.into();
        let descriptor = Descriptor::of(media_type, &content);
        self.add_content(&descriptor, Arc::new(content));
        descriptor
    }

    /// Adds a blob whose content lies elsewhere, such as in a file. It is read when it is copied.
    pub fn add_content(&self, descriptor: &Descriptor, content: Arc<dyn Content>) {
        self.lock().blobs.insert(descriptor.digest.clone(), content);
    }

    /// Adds a manifest or index, and a tag for it where there is one.
    pub fn add_manifest(&self, document: Document<AnyManifest>, tag: Option<Tag>) {
        let mut state = self.lock();
        if let Some(tag) = tag {
            state.tags.insert(tag, document.digest().clone());
        }
        state.manifests.insert(document.digest().clone(), document);
    }

    /// The content of a blob, if it is there.
    pub fn content(&self, digest: &Digest) -> Option<Arc<dyn Content>> {
        self.lock().blobs.get(digest).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Source for MemoryStore {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let state = self.lock();
        let digest = match target {
            TagOrDigest::Digest(digest) => Some(digest),
            TagOrDigest::Tag(tag) => state.tags.get(tag),
        };
        let found = digest.and_then(|digest| state.manifests.get(digest)).cloned();
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no manifest `{target}` in memory")))
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        let digest = &descriptor.digest;
        let found = self.content(digest);
        let content = found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no blob `{digest}` in memory")))?;
        Ok(Arc::new(VerifiedContent::new(content, descriptor.clone())))
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let state = self.lock();
        let refers = |document: &&Document<AnyManifest>| {
            let found = document.value().subject();
            found.is_some_and(|found| found.digest == *subject)
        };
        let mut found: Vec<Descriptor> = state
            .manifests
            .values()
            .filter(refers)
            .map(Document::referrer)
            .collect();
        found.sort_by(|one, other| one.digest.cmp(&other.digest));
        Ok(found)
    }
}

#[async_trait]
impl Target for MemoryStore {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        if self.content(&descriptor.digest).is_some() {
            return Ok(Stored::Present);
        }
        let mut verifier = descriptor.verifier()?;
        let mut whole = BytesMut::new();
        let mut chunks = content.open(Span::new(0, descriptor.size)).await?;
        while let Some(chunk) = chunks.try_next().await? {
            verifier.update(&chunk)?;
            whole.extend_from_slice(&chunk);
        }
        verifier.finish()?;
        self.add_content(descriptor, Arc::new(whole.freeze()));
        Ok(Stored::New)
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.add_manifest(document.clone(), None);
        Ok(())
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        self.add_manifest(document.clone(), tag.cloned());
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        let (blobs, manifests) = (state.blobs.len(), state.manifests.len());
        formatter
            .debug_struct("MemoryStore")
            .field("blobs", &blobs)
            .field("manifests", &manifests)
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    blobs: HashMap<Digest, Arc<dyn Content>>,
    manifests: HashMap<Digest, Document<AnyManifest>>,
    tags: HashMap<Tag, Digest>,
}
