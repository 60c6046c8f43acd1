//! Storage in memory.

mod content;
mod state;
mod upload;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use oci_spec_types::{Descriptor, Digest, RepositoryName, Tag, TagOrDigest};

use super::{
    DeleteReference, Kept, KeptKind, OpenUpload, Page, Precondition, PutManifest, Reclaimed, Storage, StorageError,
    StorageErrorKind, StoredBlob, StoredManifest, Upload, UploadId,
};
use state::{Repository, State};
use upload::MemoryUpload;

/// Content in memory, gone when the last clone is.
///
/// Clones share their content. Blobs are kept in the chunks in which they came, small ones joined, and equal blobs once.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    state: Arc<Mutex<State>>,
}

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics in the middle of a change, so a poisoned state is a good one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for MemoryStorage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MemoryStorage").finish_non_exhaustive()
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<StoredBlob>, StorageError> {
        let content = self.state().blob(repository, digest);
        Ok(content.map(|content| StoredBlob::new(content.size(), move |range| content.read(range))))
    }

    async fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let mut state = self.state();
        let Some(content) = state.blob(source, digest) else {
            return Ok(false);
        };
        state.link_blob(target, digest, content);
        Ok(true)
    }

    async fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError> {
        Ok(self.state().unlink_blob(repository, digest))
    }

    async fn refresh(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let mut state = self.state();
        let refreshed = state
            .existing(repository)
            .and_then(|repository| repository.refreshed(kind, digest));
        Ok(refreshed.map(|refreshed| *refreshed = SystemTime::now()).is_some())
    }

    async fn kept(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        after: Option<&Digest>,
        size: usize,
    ) -> Result<Page<Kept>, StorageError> {
        let mut state = self.state();
        let page = state
            .existing(repository)
            .map(|repository| repository.kept(kind, after, size));
        Ok(page.unwrap_or_else(|| Page::new(Vec::new(), false)))
    }

    async fn sweep(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> Result<bool, StorageError> {
        Ok(self.state().sweep(repository, kind, digest, before))
    }

    async fn reclaim(&self, _before: SystemTime, _dry_run: bool) -> Result<Reclaimed, StorageError> {
        // Bytes go with the last repository that had them.
        Ok(Reclaimed::default())
    }

    async fn uploads(&self, after: Option<UploadId>, size: usize) -> Result<Page<OpenUpload>, StorageError> {
        Ok(self.state().uploads_after(after, size))
    }

    async fn end_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<bool, StorageError> {
        let mut state = self.state();
        Ok(state.upload(repository, id).is_some() && state.end_upload(id, None))
    }

    async fn begin_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<Box<dyn Upload>, StorageError> {
        Ok(Box::new(MemoryUpload::begin(
            Arc::clone(&self.state),
            repository.clone(),
            id,
        )))
    }

    async fn resume_upload(
        &self,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Option<Box<dyn Upload>>, StorageError> {
        let upload = MemoryUpload::resume(Arc::clone(&self.state), repository, id)?;
        Ok(upload.map(|upload| Box::new(upload) as Box<dyn Upload>))
    }

    async fn upload_size(&self, repository: &RepositoryName, id: UploadId) -> Result<Option<u64>, StorageError> {
        Ok(self
            .state()
            .upload(repository, id)
            .map(|session| session.content.size()))
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<StoredManifest>, StorageError> {
        Ok(self
            .state()
            .existing(repository)
            .and_then(|repository| repository.manifest(digest)))
    }

    async fn put_manifest(&self, put: PutManifest) -> Result<(), StorageError> {
        let mut state = self.state();
        check(state.existing(&put.repository), put.precondition.as_ref())?;
        state
            .repository(&put.repository)
            .put_manifest(put.digest, put.manifest, put.referrer, &put.tags)
            .map_err(|error| StorageError::new(StorageErrorKind::Other, "a descriptor as JSON").with_source(error))
    }

    async fn delete_reference(&self, delete: DeleteReference) -> Result<bool, StorageError> {
        let mut state = self.state();
        let Some(repository) = state.existing(&delete.repository) else {
            return Ok(false);
        };
        if repository.current(&delete.reference).is_none() {
            return Ok(false);
        }
        check(Some(repository), delete.precondition.as_ref())?;
        Ok(match &delete.reference {
            TagOrDigest::Digest(digest) => repository.delete_manifest(digest),
            TagOrDigest::Tag(tag) => repository.tags.remove(tag).is_some(),
        })
    }

    async fn tag(&self, repository: &RepositoryName, tag: &Tag) -> Result<Option<Digest>, StorageError> {
        Ok(self
            .state()
            .existing(repository)
            .and_then(|repository| repository.tags.get(tag).cloned()))
    }

    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        size: usize,
    ) -> Result<Option<Page<Tag>>, StorageError> {
        let mut state = self.state();
        Ok(state
            .existing(repository)
            .map(|repository| repository.tags_after(after, size)))
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&str>,
        size: usize,
    ) -> Result<Page<Descriptor>, StorageError> {
        let mut state = self.state();
        let page = state
            .existing(repository)
            .map(|repository| repository.referrers_after(subject, after, size));
        Ok(page.unwrap_or_else(|| Page::new(Vec::new(), false)))
    }

    async fn repositories(&self, after: Option<&str>, size: usize) -> Result<Page<RepositoryName>, StorageError> {
        Ok(self.state().repositories_after(after, size))
    }
}

/// Refuses a change whose precondition does not hold.
fn check(repository: Option<&mut Repository>, precondition: Option<&Precondition>) -> Result<(), StorageError> {
    let Some(precondition) = precondition else {
        return Ok(());
    };
    let current = repository.and_then(|repository| repository.current(precondition.reference()));
    if precondition.holds(current.as_ref()) {
        Ok(())
    } else {
        Err(StorageError::precondition_failed())
    }
}
