//! A storage that breaks one promise.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_util::stream;
use oci_client_core::transport::Body;
use oci_registry::storage::{
    DeleteReference, Kept, KeptKind, MemoryStorage, OpenUpload, Page, PutManifest, Reclaimed, Storage, StorageError,
    StoredBlob, StoredManifest, Upload, UploadId,
};
use oci_spec_types::{Descriptor, Digest, RepositoryName, Tag};

/// What is wrong with the storage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    DroppedStay,
    FirstPageOnly,
    ManyWriters,
    NeverRefreshed,
    ReadsTurn,
    ReferrersStay,
    Reformatted,
    SharedBlobs,
    SizeForgotten,
    TagsStay,
    UnboundUploads,
    Unconditional,
    UnsavedListed,
    VisibleEarly,
    WholeForRange,
    WriterLives,
    YoungSwept,
}

/// A storage in memory with a fault.
pub(crate) struct BrokenStorage {
    fault: Fault,
    inner: MemoryStorage,
    seen: Arc<Mutex<Seen>>,
}

/// What is needed to do the wrong thing.
#[derive(Default)]
struct Seen {
    deleted: bool,
    ended: Vec<UploadId>,
    referrer: Option<Descriptor>,
    repository: Option<RepositoryName>,
    target: Option<Digest>,
    unsaved: Option<OpenUpload>,
}

impl BrokenStorage {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: MemoryStorage::new(),
            seen: Arc::default(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// The repository in which everything is looked for, if that is the fault.
    fn place(&self, fault: Fault, repository: &RepositoryName) -> RepositoryName {
        let mut seen = self.seen.lock().unwrap();
        let first = seen.repository.get_or_insert_with(|| repository.clone());
        if self.fault == fault {
            first.clone()
        } else {
            repository.clone()
        }
    }
}

#[async_trait]
impl Storage for BrokenStorage {
    async fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<StoredBlob>, StorageError> {
        let place = self.place(Fault::SharedBlobs, repository);
        if self.has(Fault::VisibleEarly) {
            return Ok(Some(StoredBlob::new(7, |_| Body::from(b"content".to_vec()))));
        }
        let Some(blob) = self.inner.blob(&place, digest).await? else {
            return Ok(None);
        };
        let size = blob.size();
        let (fault, seen) = (self.fault, Arc::clone(&self.seen));
        Ok(Some(StoredBlob::new(size, move |range| match fault {
            Fault::WholeForRange => blob.read(0..size),
            Fault::ReadsTurn => {
                let length = range.end - range.start;
                let chunks = stream::unfold(blob.read(range), move |mut body| {
                    let deleted = seen.lock().unwrap().deleted;
                    async move {
                        let chunk = body.chunk().await?;
                        let turned = chunk.map(|chunk| if deleted { vec![0; chunk.len()].into() } else { chunk });
                        Some((turned, body))
                    }
                });
                Body::from_stream(chunks, Some(length))
            }
            _ => blob.read(range),
        })))
    }

    async fn refresh(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        if self.has(Fault::NeverRefreshed) {
            let page = self.inner.kept(repository, kind, None, 100).await?;
            return Ok(page.items().iter().any(|kept| kept.digest() == digest));
        }
        self.inner.refresh(repository, kind, digest).await
    }

    async fn kept(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        after: Option<&Digest>,
        size: usize,
    ) -> Result<Page<Kept>, StorageError> {
        self.inner.kept(repository, kind, after, size).await
    }

    async fn sweep(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> Result<bool, StorageError> {
        let late = SystemTime::now() + Duration::from_secs(1);
        let before = if self.has(Fault::YoungSwept) { late } else { before };
        self.inner.sweep(repository, kind, digest, before).await
    }

    async fn reclaim(&self, before: SystemTime, dry_run: bool) -> Result<Reclaimed, StorageError> {
        self.inner.reclaim(before, dry_run).await
    }

    async fn uploads(&self, after: Option<UploadId>, size: usize) -> Result<Page<OpenUpload>, StorageError> {
        let page = self.inner.uploads(after, size).await?;
        let more = page.has_more();
        let mut items = page.into_items();
        if self.has(Fault::UnsavedListed) && !more {
            items.extend(self.seen.lock().unwrap().unsaved.clone());
        }
        Ok(Page::new(items, more))
    }

    async fn end_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<bool, StorageError> {
        if self.has(Fault::WriterLives) {
            let found = self.inner.upload_size(repository, id).await?.is_some();
            self.seen.lock().unwrap().ended.push(id);
            return Ok(found);
        }
        let place = self.place(Fault::UnboundUploads, repository);
        self.inner.end_upload(&place, id).await
    }

    async fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        self.inner.link_blob(source, target, digest).await
    }

    async fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError> {
        self.seen.lock().unwrap().deleted = true;
        self.inner.unlink_blob(repository, digest).await
    }

    async fn begin_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<Box<dyn Upload>, StorageError> {
        self.place(self.fault, repository);
        let upload = OpenUpload::new(repository.clone(), id, 0, SystemTime::now());
        self.seen.lock().unwrap().unsaved = Some(upload);
        if self.has(Fault::DroppedStay) {
            let empty = self.inner.begin_upload(repository, id).await?;
            empty.save().await?;
            let resumed = self.inner.resume_upload(repository, id).await?;
            return Ok(resumed.unwrap());
        }
        self.inner.begin_upload(repository, id).await
    }

    async fn resume_upload(
        &self,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Option<Box<dyn Upload>>, StorageError> {
        let place = self.place(Fault::UnboundUploads, repository);
        match self.inner.resume_upload(&place, id).await {
            Err(_) if self.has(Fault::ManyWriters) => {
                Ok(Some(self.inner.begin_upload(repository, UploadId::random()?).await?))
            }
            result => result,
        }
    }

    async fn upload_size(&self, repository: &RepositoryName, id: UploadId) -> Result<Option<u64>, StorageError> {
        if self.seen.lock().unwrap().ended.contains(&id) {
            return Ok(None);
        }
        let size = self.inner.upload_size(repository, id).await?;
        Ok(if self.has(Fault::SizeForgotten) {
            size.map(|_| 0)
        } else {
            size
        })
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<StoredManifest>, StorageError> {
        let manifest = self.inner.manifest(repository, digest).await?;
        Ok(manifest.map(|manifest| {
            if self.has(Fault::Reformatted) {
                let content = manifest.content().iter().copied().filter(|byte| *byte != b' ');
                StoredManifest::new(manifest.media_type().clone(), content.collect::<Vec<u8>>().into())
            } else {
                manifest
            }
        }))
    }

    async fn put_manifest(&self, put: PutManifest) -> Result<(), StorageError> {
        {
            let mut seen = self.seen.lock().unwrap();
            seen.target = Some(put.digest.clone());
            if let Some(referrer) = &put.referrer {
                seen.referrer = Some(referrer.descriptor().clone());
            }
        }
        let precondition = put.precondition.clone().filter(|_| !self.has(Fault::Unconditional));
        self.inner.put_manifest(put.with_precondition(precondition)).await
    }

    async fn delete_reference(&self, delete: DeleteReference) -> Result<bool, StorageError> {
        self.inner.delete_reference(delete).await
    }

    async fn tag(&self, repository: &RepositoryName, tag: &Tag) -> Result<Option<Digest>, StorageError> {
        let found = self.inner.tag(repository, tag).await?;
        let left = self
            .seen
            .lock()
            .unwrap()
            .target
            .clone()
            .filter(|_| self.has(Fault::TagsStay));
        Ok(found.or(left))
    }

    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        size: usize,
    ) -> Result<Option<Page<Tag>>, StorageError> {
        let page = self.inner.tags(repository, after, size).await?;
        Ok(page.map(|page| {
            let more = page.has_more() && !self.has(Fault::FirstPageOnly);
            Page::new(page.into_items(), more)
        }))
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&str>,
        size: usize,
    ) -> Result<Page<Descriptor>, StorageError> {
        let page = self.inner.referrers(repository, subject, after, size).await?;
        let more = page.has_more();
        let mut items = page.into_items();
        if self.has(Fault::ReferrersStay) && !more {
            items.extend(self.seen.lock().unwrap().referrer.clone());
        }
        Ok(Page::new(items, more))
    }

    async fn repositories(&self, after: Option<&str>, size: usize) -> Result<Page<RepositoryName>, StorageError> {
        self.inner.repositories(after, size).await
    }
}
