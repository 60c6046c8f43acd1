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
        let blob = (descriptor.size, content);
        self.lock().blobs.insert(descriptor.digest.clone(), blob);
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
        let state = self.lock();
        state.blobs.get(digest).map(|(_, content)| content.clone())
    }

    /// The digests and sizes of everything, in order, where none of it has a tag.
    pub(super) fn stock(&self) -> Result<Vec<(Digest, u64)>, Error> {
        let state = self.lock();
        if !state.tags.is_empty() {
            let message = "this memory is no cache: it has tags, whose manifests it is to keep; use a store of its own";
            return Err(Error::new(ErrorKind::Misuse, message));
        }
        let blobs = state.blobs.iter().map(|(digest, (size, _))| (digest.clone(), *size));
        let manifests = state.manifests.values();
        let manifests = manifests.map(|document| (document.digest().clone(), document.bytes().len() as u64));
        let mut stock: Vec<(Digest, u64)> = blobs.chain(manifests).collect();
        stock.sort();
        Ok(stock)
    }

    /// Removes a manifest and blob, if they are there.
    pub(super) fn forget(&self, digest: &Digest) {
        let mut state = self.lock();
        state.blobs.remove(digest);
        state.manifests.remove(digest);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Source for MemoryStore {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let found = self.lock().find(target).cloned();
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

    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        Ok(self.lock().tags.keys().cloned().collect())
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

    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool, Error> {
        Ok(self.content(&descriptor.digest).is_some())
    }

    async fn resolve(&self, target: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        Ok(self.lock().find(target).map(Document::descriptor))
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
    /// Each with its size.
    blobs: HashMap<Digest, (u64, Arc<dyn Content>)>,
    manifests: HashMap<Digest, Document<AnyManifest>>,
    tags: HashMap<Tag, Digest>,
}

impl State {
    fn find(&self, target: &TagOrDigest) -> Option<&Document<AnyManifest>> {
        let digest = match target {
            TagOrDigest::Digest(digest) => digest,
            TagOrDigest::Tag(tag) => self.tags.get(tag)?,
        };
        self.manifests.get(digest)
    }
}
