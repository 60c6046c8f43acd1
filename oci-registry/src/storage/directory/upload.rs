use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::transport::Body;
use oci_spec_types::{Digest, RepositoryName};

use super::super::{StorageError, StorageErrorKind, Upload, UploadId};
use super::files::{self, At};
use super::paths;
use super::store::Store;

impl Store {
    pub(super) fn begin_upload(self: &Arc<Self>, repository: RepositoryName, id: UploadId) -> io::Result<Session> {
        let lease = self
            .lease(id)
            .ok_or_else(|| io::Error::other("the new upload's id is in use"))?;
        let path = paths::upload(self.root(), &repository, id);
        let file = File::options().append(true).create_new(true).open(&path).at(&path)?;
        Ok(Session {
            file,
            size: 0,
            path,
            repository,
            saved: false,
            lease,
        })
    }

    pub(super) fn upload_size(&self, repository: &RepositoryName, id: UploadId) -> io::Result<Option<u64>> {
        let path = paths::upload(self.root(), repository, id);
        let metadata = files::found(fs::metadata(&path)).at(&path)?;
        Ok(metadata.map(|metadata| metadata.len()))
    }
}

/// The right to write to an upload. It ends when this is dropped.
pub(super) struct Lease {
    id: UploadId,
    store: Arc<Store>,
}

impl Lease {
    pub(super) const fn new(store: Arc<Store>, id: UploadId) -> Self {
        Self { id, store }
    }

    /// Opens the upload; `None` if the repository has none of this id.
    pub(super) fn resume(self, repository: RepositoryName) -> io::Result<Option<Session>> {
        let path = paths::upload(self.store.root(), &repository, self.id);
        let Some(file) = files::found(File::options().append(true).open(&path)).at(&path)? else {
            return Ok(None);
        };
        let size = file.metadata().at(&path)?.len();
        Ok(Some(Session {
            file,
            size,
            path,
            repository,
            saved: true,
            lease: self,
        }))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.store.writing().remove(&self.id);
    }
}

/// An upload that is being written. The length of its file is its size.
pub(super) struct Session {
    file: File,
    size: u64,
    path: PathBuf,
    repository: RepositoryName,
    /// Whether it was saved, so that it outlives its writer.
    saved: bool,
    lease: Lease,
}

/// The writer of an upload in a directory.
///
/// The session travels to the thread that does the work and back, so that when a future is dropped meanwhile, the right to
/// write ends only with the work.
pub(super) struct DirectoryUpload {
    runtime: Arc<dyn Runtime>,
    session: Option<Session>,
    size: u64,
}

impl DirectoryUpload {
    pub(super) fn new(session: Session, runtime: Arc<dyn Runtime>) -> Self {
        Self {
            runtime,
            size: session.size,
            session: Some(session),
        }
    }

    async fn run<T, F>(&mut self, work: F) -> Result<T, StorageError>
    where
        F: FnOnce(Session) -> io::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let gone = || StorageError::new(StorageErrorKind::Other, "an earlier step of this upload failed");
        let session = self.session.take().ok_or_else(gone)?;
        Ok(unblock(&*self.runtime, move || work(session)).await??)
    }
}

#[async_trait]
impl Upload for DirectoryUpload {
    fn size(&self) -> u64 {
        self.size
    }

    async fn append(&mut self, chunk: Bytes) -> Result<(), StorageError> {
        let session = self
            .run(move |mut session| {
                session.append(&chunk)?;
                Ok(session)
            })
            .await?;
        self.size = session.size;
        self.session = Some(session);
        Ok(())
    }

    async fn read(&mut self) -> Result<Body, StorageError> {
        let (session, file) = self
            .run(|session| {
                let file = File::open(&session.path).at(&session.path)?;
                Ok((session, file))
            })
            .await?;
        self.session = Some(session);
        Ok(files::stream(file, 0..self.size, Arc::clone(&self.runtime)))
    }

    async fn save(mut self: Box<Self>) -> Result<(), StorageError> {
        if let Some(session) = &mut self.session {
            session.saved = true;
        }
        Ok(())
    }

    async fn commit(mut self: Box<Self>, digest: &Digest) -> Result<(), StorageError> {
        let digest = digest.clone();
        self.run(move |session| session.commit(&digest)).await
    }

    async fn cancel(mut self: Box<Self>) -> Result<(), StorageError> {
        self.run(|session| files::remove(&session.path).map(drop)).await
    }
}

impl Session {
    fn append(&mut self, chunk: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(chunk);
        if written.is_err() {
            // A part of the chunk may have got in. Were it to stay, it would only be sent again for nothing.
            drop(self.file.set_len(self.size));
        }
        self.size = self.size.saturating_add(chunk.len() as u64);
        written.at(&self.path)
    }

    fn commit(mut self, digest: &Digest) -> io::Result<()> {
        self.file.sync_all().at(&self.path)?;
        self.lease.store.publish_blob(&self.path, &self.repository, digest)?;
        self.saved = true;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.saved {
            // If it cannot be removed, it stays as an upload that nobody goes on with.
            drop(fs::remove_file(&self.path));
        }
    }
}
