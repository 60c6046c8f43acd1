use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use oci_spec_types::{Descriptor, Digest, RepositoryName, Tag};

use super::{
    DeleteReference, Kept, KeptKind, OpenUpload, Page, PutManifest, Reclaimed, Storage, StorageError, StoredBlob,
    StoredManifest, Upload, UploadId,
};

/// A storage that is shared, whatever it is.
#[async_trait]
impl<S: Storage + ?Sized> Storage for Arc<S> {
    async fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<StoredBlob>, StorageError> {
        (**self).blob(repository, digest).await
    }

    async fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        (**self).link_blob(source, target, digest).await
    }

    async fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError> {
        (**self).unlink_blob(repository, digest).await
    }

    async fn refresh(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        (**self).refresh(repository, kind, digest).await
    }

    async fn kept(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        after: Option<&Digest>,
        size: usize,
    ) -> Result<Page<Kept>, StorageError> {
        (**self).kept(repository, kind, after, size).await
    }

    async fn sweep(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> Result<bool, StorageError> {
        (**self).sweep(repository, kind, digest, before).await
    }

    async fn reclaim(&self, before: SystemTime, dry_run: bool) -> Result<Reclaimed, StorageError> {
        (**self).reclaim(before, dry_run).await
    }

    async fn uploads(&self, after: Option<UploadId>, size: usize) -> Result<Page<OpenUpload>, StorageError> {
        (**self).uploads(after, size).await
    }

    async fn end_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<bool, StorageError> {
        (**self).end_upload(repository, id).await
    }

    async fn begin_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<Box<dyn Upload>, StorageError> {
        (**self).begin_upload(repository, id).await
    }

    async fn resume_upload(
        &self,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Option<Box<dyn Upload>>, StorageError> {
        (**self).resume_upload(repository, id).await
    }

    async fn upload_size(&self, repository: &RepositoryName, id: UploadId) -> Result<Option<u64>, StorageError> {
        (**self).upload_size(repository, id).await
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<StoredManifest>, StorageError> {
        (**self).manifest(repository, digest).await
    }

    async fn put_manifest(&self, put: PutManifest) -> Result<(), StorageError> {
        (**self).put_manifest(put).await
    }

    async fn delete_reference(&self, delete: DeleteReference) -> Result<bool, StorageError> {
        (**self).delete_reference(delete).await
    }

    async fn tag(&self, repository: &RepositoryName, tag: &Tag) -> Result<Option<Digest>, StorageError> {
        (**self).tag(repository, tag).await
    }

    async fn tagged_manifest(
        &self,
        repository: &RepositoryName,
        tag: &Tag,
    ) -> Result<Option<(Digest, Option<StoredManifest>)>, StorageError> {
        (**self).tagged_manifest(repository, tag).await
    }

    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        size: usize,
    ) -> Result<Option<Page<Tag>>, StorageError> {
        (**self).tags(repository, after, size).await
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&str>,
        size: usize,
    ) -> Result<Page<Descriptor>, StorageError> {
        (**self).referrers(repository, subject, after, size).await
    }

    async fn repositories(&self, after: Option<&str>, size: usize) -> Result<Page<RepositoryName>, StorageError> {
        (**self).repositories(after, size).await
    }
}
