//! A storage between a registry and its real one, which sees each step before it is taken and can let it fail.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use oci_client_core::transport::Body;
use oci_registry::storage::{
    DeleteReference, Kept, KeptKind, OpenUpload, Page, PutManifest, Reclaimed, Storage, StorageError, StoredBlob,
    StoredManifest, Upload, UploadId,
};
use oci_spec_types::{Descriptor, Digest, RepositoryName, Tag};

/// What a registry is about to ask its storage.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Step {
    Blob(Digest),
    Kept(KeptKind),
    Manifest(Digest),
    Other,
    Refresh(KeptKind, Digest),
    Sweep(KeptKind, Digest),
}

pub(crate) struct Intercepted {
    before: Arc<Before>,
    inner: Arc<dyn Storage>,
}

type Before = dyn Fn(Step) -> Result<(), StorageError> + Send + Sync;

impl Intercepted {
    /// What `before` refuses is not asked of `inner`.
    pub(crate) fn new(
        inner: Arc<dyn Storage>,
        before: impl Fn(Step) -> Result<(), StorageError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            before: Arc::new(before),
            inner,
        }
    }

    fn before(&self, step: Step) -> Result<(), StorageError> {
        (self.before)(step)
    }

    fn upload(&self, inner: Box<dyn Upload>) -> Box<dyn Upload> {
        let before = Arc::clone(&self.before);
        Box::new(InterceptedUpload { before, inner })
    }
}

#[async_trait]
impl Storage for Intercepted {
    async fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<StoredBlob>, StorageError> {
        self.before(Step::Blob(digest.clone()))?;
        self.inner.blob(repository, digest).await
    }

    async fn refresh(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        self.before(Step::Refresh(kind, digest.clone()))?;
        self.inner.refresh(repository, kind, digest).await
    }

    async fn kept(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        after: Option<&Digest>,
        size: usize,
    ) -> Result<Page<Kept>, StorageError> {
        self.before(Step::Kept(kind))?;
        self.inner.kept(repository, kind, after, size).await
    }

    async fn sweep(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> Result<bool, StorageError> {
        self.before(Step::Sweep(kind, digest.clone()))?;
        self.inner.sweep(repository, kind, digest, before).await
    }

    async fn reclaim(&self, before: SystemTime, dry_run: bool) -> Result<Reclaimed, StorageError> {
        self.before(Step::Other)?;
        self.inner.reclaim(before, dry_run).await
    }

    async fn uploads(&self, after: Option<UploadId>, size: usize) -> Result<Page<OpenUpload>, StorageError> {
        self.before(Step::Other)?;
        self.inner.uploads(after, size).await
    }

    async fn end_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<bool, StorageError> {
        self.before(Step::Other)?;
        self.inner.end_upload(repository, id).await
    }

    async fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        self.before(Step::Other)?;
        self.inner.link_blob(source, target, digest).await
    }

    async fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError> {
        self.before(Step::Other)?;
        self.inner.unlink_blob(repository, digest).await
    }

    async fn begin_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<Box<dyn Upload>, StorageError> {
        self.before(Step::Other)?;
        Ok(self.upload(self.inner.begin_upload(repository, id).await?))
    }

    async fn resume_upload(
        &self,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Option<Box<dyn Upload>>, StorageError> {
        self.before(Step::Other)?;
        let upload = self.inner.resume_upload(repository, id).await?;
        Ok(upload.map(|upload| self.upload(upload)))
    }

    async fn upload_size(&self, repository: &RepositoryName, id: UploadId) -> Result<Option<u64>, StorageError> {
        self.before(Step::Other)?;
        self.inner.upload_size(repository, id).await
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<StoredManifest>, StorageError> {
        self.before(Step::Manifest(digest.clone()))?;
        self.inner.manifest(repository, digest).await
    }

    async fn put_manifest(&self, put: PutManifest) -> Result<(), StorageError> {
        self.before(Step::Other)?;
        self.inner.put_manifest(put).await
    }

    async fn delete_reference(&self, delete: DeleteReference) -> Result<bool, StorageError> {
        self.before(Step::Other)?;
        self.inner.delete_reference(delete).await
    }

    async fn tag(&self, repository: &RepositoryName, tag: &Tag) -> Result<Option<Digest>, StorageError> {
        self.before(Step::Other)?;
        self.inner.tag(repository, tag).await
    }

    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        size: usize,
    ) -> Result<Option<Page<Tag>>, StorageError> {
        self.before(Step::Other)?;
        self.inner.tags(repository, after, size).await
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&str>,
        size: usize,
    ) -> Result<Page<Descriptor>, StorageError> {
        self.before(Step::Other)?;
        self.inner.referrers(repository, subject, after, size).await
    }

    async fn repositories(&self, after: Option<&str>, size: usize) -> Result<Page<RepositoryName>, StorageError> {
        self.before(Step::Other)?;
        self.inner.repositories(after, size).await
    }
}

/// The writer of an upload in such a storage.
struct InterceptedUpload {
    before: Arc<Before>,
    inner: Box<dyn Upload>,
}

#[async_trait]
impl Upload for InterceptedUpload {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    async fn append(&mut self, chunk: Bytes) -> Result<(), StorageError> {
        (self.before)(Step::Other)?;
        self.inner.append(chunk).await
    }

    async fn read(&mut self) -> Result<Body, StorageError> {
        (self.before)(Step::Other)?;
        self.inner.read().await
    }

    async fn save(self: Box<Self>) -> Result<(), StorageError> {
        (self.before)(Step::Other)?;
        self.inner.save().await
    }

    async fn commit(self: Box<Self>, digest: &Digest) -> Result<(), StorageError> {
        (self.before)(Step::Other)?;
        self.inner.commit(digest).await
    }

    async fn cancel(self: Box<Self>) -> Result<(), StorageError> {
        (self.before)(Step::Other)?;
        self.inner.cancel().await
    }
}
