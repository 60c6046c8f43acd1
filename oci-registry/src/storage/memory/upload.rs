use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use oci_client_core::transport::Body;
use oci_spec_types::{Digest, RepositoryName};

use super::super::{StorageError, Upload, UploadId};
use super::state::{Session, State};

/// The writer of an upload in memory. Its bytes are in the state, where they outlive it.
pub(super) struct MemoryUpload {
    id: UploadId,
    size: u64,
    repository: RepositoryName,
    /// Whether it was saved, so that it outlives its writer.
    saved: bool,
    state: Arc<Mutex<State>>,
}

impl MemoryUpload {
    pub(super) fn begin(state: Arc<Mutex<State>>, repository: RepositoryName, id: UploadId) -> Self {
        lock(&state).begin_upload(repository.clone(), id);
        Self {
            id,
            size: 0,
            repository,
            saved: false,
            state,
        }
    }

    pub(super) fn resume(
        state: Arc<Mutex<State>>,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Option<Self>, StorageError> {
        let size = {
            let mut state = lock(&state);
            let Some(session) = state.upload(repository, id) else {
                return Ok(None);
            };
            if std::mem::replace(&mut session.writing, true) {
                return Err(StorageError::busy());
            }
            session.content.size()
        };
        Ok(Some(Self {
            id,
            size,
            repository: repository.clone(),
            saved: true,
            state,
        }))
    }

    /// The upload in the state, unless it was ended from elsewhere.
    fn session<'s>(&self, state: &'s mut State) -> Result<&'s mut Session, StorageError> {
        state.upload(&self.repository, self.id).ok_or_else(StorageError::ended)
    }
}

#[async_trait]
impl Upload for MemoryUpload {
    fn size(&self) -> u64 {
        self.size
    }

    async fn append(&mut self, chunk: Bytes) -> Result<(), StorageError> {
        let mut state = lock(&self.state);
        let session = self.session(&mut state)?;
        session.content.append(chunk);
        session.written = SystemTime::now();
        self.size = session.content.size();
        Ok(())
    }

    async fn read(&mut self) -> Result<Body, StorageError> {
        let mut state = lock(&self.state);
        Ok(self.session(&mut state)?.content.read(0..self.size))
    }

    async fn save(mut self: Box<Self>) -> Result<(), StorageError> {
        let mut state = lock(&self.state);
        self.session(&mut state)?.saved = true;
        drop(state);
        self.saved = true;
        Ok(())
    }

    async fn commit(self: Box<Self>, digest: &Digest) -> Result<(), StorageError> {
        if lock(&self.state).end_upload(self.id, Some(digest)) {
            Ok(())
        } else {
            Err(StorageError::ended())
        }
    }

    async fn cancel(self: Box<Self>) -> Result<(), StorageError> {
        lock(&self.state).end_upload(self.id, None);
        Ok(())
    }
}

impl Drop for MemoryUpload {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        if !self.saved {
            state.end_upload(self.id, None);
        } else if let Some(session) = state.upload(&self.repository, self.id) {
            session.writing = false;
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
