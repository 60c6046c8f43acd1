//! A storage between a registry and its real one.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use oci_spec_types::{Descriptor, Digest, RepositoryName, Tag};

use oci_registry::storage::{
    DeleteReference, Kept, KeptKind, OpenUpload, Page, PutManifest, Reclaimed, Storage, StorageError, StoredBlob,
    StoredManifest, Upload, UploadId,
};

/// What a registry is about to ask its storage.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Step {
    Blob(Digest),
    Kept(KeptKind),
    Manifest(Digest),
    Refresh(KeptKind, Digest),
    Sweep(KeptKind, Digest),
}

/// A storage that tells what is asked of it before it answers.
pub(crate) struct Observed {
    inner: Arc<dyn Storage>,
    observe: Box<dyn Fn(Step) + Send + Sync>,
}

impl Observed {
    pub(crate) fn new(inner: Arc<dyn Storage>, observe: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self {
            inner,
            observe: Box::new(observe),
        }
    }
}

#[async_trait]
impl Storage for Observed {
    async fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<StoredBlob>, StorageError> {
        (self.observe)(Step::Blob(digest.clone()));
        self.inner.blob(repository, digest).await
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
        self.inner.unlink_blob(repository, digest).await
    }

    async fn refresh(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        (self.observe)(Step::Refresh(kind, digest.clone()));
        self.inner.refresh(repository, kind, digest).await
    }

    async fn kept(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        after: Option<&Digest>,
        size: usize,
    ) -> Result<Page<Kept>, StorageError> {
        (self.observe)(Step::Kept(kind));
        self.inner.kept(repository, kind, after, size).await
    }

    async fn sweep(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> Result<bool, StorageError> {
        (self.observe)(Step::Sweep(kind, digest.clone()));
        self.inner.sweep(repository, kind, digest, before).await
    }

    async fn reclaim(&self, before: SystemTime, dry_run: bool) -> Result<Reclaimed, StorageError> {
        self.inner.reclaim(before, dry_run).await
    }

    async fn uploads(&self, after: Option<UploadId>, size: usize) -> Result<Page<OpenUpload>, StorageError> {
        self.inner.uploads(after, size).await
    }

    async fn end_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<bool, StorageError> {
        self.inner.end_upload(repository, id).await
    }

    async fn begin_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<Box<dyn Upload>, StorageError> {
        self.inner.begin_upload(repository, id).await
    }

    async fn resume_upload(
        &self,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Option<Box<dyn Upload>>, StorageError> {
        self.inner.resume_upload(repository, id).await
    }

    async fn upload_size(&self, repository: &RepositoryName, id: UploadId) -> Result<Option<u64>, StorageError> {
        self.inner.upload_size(repository, id).await
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<StoredManifest>, StorageError> {
        (self.observe)(Step::Manifest(digest.clone()));
        self.inner.manifest(repository, digest).await
    }

    async fn put_manifest(&self, put: PutManifest) -> Result<(), StorageError> {
        self.inner.put_manifest(put).await
    }

    async fn delete_reference(&self, delete: DeleteReference) -> Result<bool, StorageError> {
        self.inner.delete_reference(delete).await
    }

    async fn tag(&self, repository: &RepositoryName, tag: &Tag) -> Result<Option<Digest>, StorageError> {
        self.inner.tag(repository, tag).await
    }

    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        size: usize,
    ) -> Result<Option<Page<Tag>>, StorageError> {
        self.inner.tags(repository, after, size).await
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&str>,
        size: usize,
    ) -> Result<Page<Descriptor>, StorageError> {
        self.inner.referrers(repository, subject, after, size).await
    }

    async fn repositories(&self, after: Option<&str>, size: usize) -> Result<Page<RepositoryName>, StorageError> {
        self.inner.repositories(after, size).await
    }
}
