use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::transport::Body;
use oci_spec_types::{Digest, RepositoryName};

use super::super::{OpenUpload, Page, StorageError, StorageErrorKind, Upload, UploadId};
use super::files::{self, At};
use super::paths::{self, UPLOADS, saved_upload_of_file, upload_of_file};
use super::store::Store;

impl Store {
    pub(super) fn begin_upload(self: &Arc<Self>, repository: RepositoryName, id: UploadId) -> io::Result<Session> {
        let lease = self
            .lease(id)
            .ok_or_else(|| io::Error::other("the new upload's id is in use"))?;
        let path = paths::upload(self.root(), &repository, id);
        File::create_new(&path).at(&path)?;
        Ok(Session {
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

    pub(super) fn uploads(&self, after: Option<UploadId>, size: usize) -> io::Result<Page<OpenUpload>> {
        let names = files::names(&self.root().join(UPLOADS))?;
        let mut ids: Vec<UploadId> = names.iter().filter_map(|name| saved_upload_of_file(name)).collect();
        ids.retain(|id| after.is_none_or(|after| *id > after));
        ids.sort_unstable();
        let mut uploads = Vec::new();
        for id in ids {
            if uploads.len() == size {
                return Ok(Page::new(uploads, true));
            }
            uploads.extend(self.open_upload(id)?);
        }
        Ok(Page::new(uploads, false))
    }

    pub(super) fn end_upload(&self, repository: &RepositoryName, id: UploadId) -> io::Result<bool> {
        let path = paths::upload(self.root(), repository, id);
        let found = files::remove(&path)?;
        if found {
            files::remove(&paths::upload_owner(self.root(), id))?;
        }
        Ok(found)
    }

    /// Removes what a crash has left of uploads that nobody knows of, and of those that were ended.
    pub(super) fn clear_unknown_uploads(&self) -> io::Result<()> {
        let directory = self.root().join(UPLOADS);
        let names = files::names(&directory)?;
        let ids: BTreeSet<UploadId> = names.iter().filter_map(|name| upload_of_file(name)).collect();
        let mut unknown = BTreeSet::new();
        for id in ids {
            if self.open_upload(id)?.is_none() {
                unknown.insert(id);
            }
        }
        for name in names {
            if upload_of_file(&name).is_some_and(|id| unknown.contains(&id)) {
                files::remove(&directory.join(name))?;
            }
        }
        Ok(())
    }

    /// The upload `id`, if it has been saved.
    fn open_upload(&self, id: UploadId) -> io::Result<Option<OpenUpload>> {
        let owner = files::read(&paths::upload_owner(self.root(), id))?;
        let owner = owner.and_then(|owner| String::from_utf8(owner).ok()?.parse::<RepositoryName>().ok());
        let Some(repository) = owner else {
            return Ok(None);
        };
        let path = paths::upload(self.root(), &repository, id);
        let metadata = files::found(fs::metadata(&path)).at(&path)?;
        metadata
            .map(|metadata| {
                Ok(OpenUpload::new(
                    repository,
                    id,
                    metadata.len(),
                    metadata.modified().at(&path)?,
                ))
            })
            .transpose()
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

    /// Finds the upload; `None` if the repository has none of this id.
    pub(super) fn resume(self, repository: RepositoryName) -> io::Result<Option<Session>> {
        let path = paths::upload(self.store.root(), &repository, self.id);
        let Some(metadata) = files::found(fs::metadata(&path)).at(&path)? else {
            return Ok(None);
        };
        Ok(Some(Session {
            size: metadata.len(),
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
///
/// The file is open only while something is done with it, so that writers who wait for their clients need none. If another request has
/// ended the upload, it is not there any more.
pub(super) struct Session {
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
        F: FnOnce(Session) -> Result<T, StorageError> + Send + 'static,
        T: Send + 'static,
    {
        let gone = || StorageError::new(StorageErrorKind::Other, "an earlier step of this upload failed");
        let session = self.session.take().ok_or_else(gone)?;
        unblock(&*self.runtime, move || work(session)).await?
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
                let file = session.open(File::options().read(true))?;
                Ok((session, file))
            })
            .await?;
        self.session = Some(session);
        Ok(files::stream(file, 0..self.size, Arc::clone(&self.runtime)))
    }

    async fn save(mut self: Box<Self>) -> Result<(), StorageError> {
        // An upload of which a step has failed is as it was saved before, or gone.
        if self.session.is_none() {
            return Ok(());
        }
        self.run(Session::save).await
    }

    async fn commit(mut self: Box<Self>, digest: &Digest) -> Result<(), StorageError> {
        let digest = digest.clone();
        self.run(move |session| session.commit(&digest)).await
    }

    async fn cancel(mut self: Box<Self>) -> Result<(), StorageError> {
        self.run(|session| Ok(session.remove()?)).await
    }
}

impl Session {
    fn open(&self, options: &OpenOptions) -> Result<File, StorageError> {
        files::found(options.open(&self.path))
            .at(&self.path)?
            .ok_or_else(StorageError::ended)
    }

    fn append(&mut self, chunk: &[u8]) -> Result<(), StorageError> {
        let mut file = self.open(File::options().append(true))?;
        let written = file.write_all(chunk);
        if written.is_err() {
            // A part of the chunk may have got in. Were it to stay, it would only be sent again for nothing.
            drop(file.set_len(self.size));
        }
        self.size = self.size.saturating_add(chunk.len() as u64);
        Ok(written.at(&self.path)?)
    }

    /// The first time it notes the repository, by which the upload is found when all are listed.
    fn save(mut self) -> Result<(), StorageError> {
        let file = self.open(File::options().append(true))?;
        if !self.saved {
            let owner = paths::upload_owner(self.lease.store.root(), self.lease.id);
            fs::write(&owner, self.repository.as_str()).at(&owner)?;
            file.set_modified(SystemTime::now()).at(&self.path)?;
            self.saved = true;
        }
        Ok(())
    }

    fn commit(mut self, digest: &Digest) -> Result<(), StorageError> {
        let store = &self.lease.store;
        let file = self.open(File::options().append(true))?;
        store.durability().file(&file, &self.path)?;
        let published = store.publish_blob(&self.path, &self.repository, digest);
        if published.is_err() && !files::exists(&self.path)? && !files::exists(&paths::blob(store.root(), digest))? {
            return Err(StorageError::ended());
        }
        published?;
        self.remove_owner()?;
        self.saved = true;
        Ok(())
    }

    fn remove(&self) -> io::Result<()> {
        files::remove(&self.path)?;
        self.remove_owner()
    }

    fn remove_owner(&self) -> io::Result<()> {
        if self.saved {
            files::remove(&paths::upload_owner(self.lease.store.root(), self.lease.id))?;
        }
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
