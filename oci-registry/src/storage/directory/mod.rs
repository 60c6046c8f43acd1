//! Storage in a directory of the file system.
//!
//! ```text
//! format                                      marks the directory as ours
//! lock                                        held by the process that has it open
//! blobs/ALGORITHM/HASH                        the bytes of a blob, once
//! repositories/NAME/_blobs/ALGORITHM/HASH     empty: the repository has this blob
//! repositories/NAME/_manifests/ALGORITHM/HASH a manifest: a line with its media type and subject, then its bytes
//! repositories/NAME/_referrers/ALGORITHM/HASH/ALGORITHM-HASH   the descriptor of one referrer of a subject
//! repositories/NAME/_tags/TAG                 the digest that the tag points to
//! quarantine/                                 what was not whole when it was checked, under the path that it had
//! temporary/                                  files that are not complete; emptied when the directory is opened
//! unsynced                                    when content was last written without waiting for the disk
//! uploads/ID.REPOSITORY                       the bytes of an open upload; its repository's name as a hash
//! uploads/ID.repository                       the name of that repository, once somebody knows of the upload
//! ```
//!
//! Everything outside `temporary` and `uploads` gets its name by a rename after its bytes have been synced. The time at which a file in
//! `blobs`, `_blobs` or `_manifests` was modified is when its age began. No component
//! of a repository name begins with `_`, so that `a/b` never meets what belongs to `a`.

mod blobs;
mod durability;
mod files;
mod garbage;
mod listing;
mod manifests;
mod options;
mod paths;
mod repair;
mod repositories;
mod store;
mod tags;
mod upload;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use oci_client_core::runtime::{Runtime, unblock};
use oci_spec_types::{Descriptor, Digest, RepositoryName, Tag};

use super::{
    DeleteReference, Kept, KeptKind, OpenUpload, Page, PutManifest, Reclaimed, Storage, StorageError, StoredBlob,
    StoredManifest, Upload, UploadId,
};
pub use durability::Durability;
pub use options::DirectoryOptions;
use store::Store;
use upload::DirectoryUpload;

/// Content in a directory.
///
/// A blob, manifest or tag that a call has stored is on the disk when the call returns, and survives a loss of power, unless
/// [`Durability::Relaxed`] was asked for. A
/// crash at any moment leaves nothing half-written visible. Uploads that were open can be taken up again after a restart of
/// the program; what a loss of power leaves of them is not certain. Blobs are kept once, whatever number of repositories has
/// them; deleting a blob takes it out of one repository, and leaves its bytes until garbage is collected.
///
/// One process at a time can have a directory open. Clones share it.
#[derive(Clone)]
pub struct DirectoryStorage {
    runtime: Arc<dyn Runtime>,
    store: Arc<Store>,
}

impl DirectoryStorage {
    /// Opens the directory `path`, which is made if it is not there. Files are read and written by `runtime`'s
    /// [`spawn_blocking`](Runtime::spawn_blocking).
    ///
    /// # Errors
    /// If the directory cannot be made or written, has other content, or is open in another process.
    pub async fn open(path: impl Into<PathBuf>, runtime: Arc<dyn Runtime>) -> Result<Self, StorageError> {
        Self::open_with(path, runtime, DirectoryOptions::new()).await
    }

    /// Opens the directory `path` as [`open`](Self::open) does, with these options.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_with(
        path: impl Into<PathBuf>,
        runtime: Arc<dyn Runtime>,
        options: DirectoryOptions,
    ) -> Result<Self, StorageError> {
        let path = path.into();
        let store = unblock(&*runtime, move || Store::open(path, options)).await??;
        Ok(Self {
            runtime,
            store: Arc::new(store),
        })
    }

    /// Reads and hashes everything, and moves what is not whole into the directory `quarantine`, where no request finds it: content that does not
    /// have the digest of its name, tags that point to nothing. Returns the paths that it had, below the storage's own. Requests can be answered
    /// meanwhile.
    ///
    /// Nothing that this storage does leaves such files; a disk, or somebody else, may.
    ///
    /// # Errors
    /// If something cannot be read or moved. What was moved before stays so.
    ///
    /// # Cancellation
    /// The work goes on to its end if the future is dropped.
    pub async fn check(&self) -> Result<Vec<PathBuf>, StorageError> {
        self.run(|store| store.check_content()).await
    }

    /// Runs blocking work on the store.
    async fn run<T, E, F>(&self, work: F) -> Result<T, StorageError>
    where
        E: Into<StorageError> + Send + 'static,
        F: FnOnce(&Arc<Store>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
    {
        let store = Arc::clone(&self.store);
        unblock(&*self.runtime, move || work(&store)).await?.map_err(Into::into)
    }
}

impl fmt::Debug for DirectoryStorage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DirectoryStorage")
            .field("path", &self.store.root())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Storage for DirectoryStorage {
    async fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<StoredBlob>, StorageError> {
        let path = paths::blob(self.store.root(), digest);
        let (repository, digest) = (repository.clone(), digest.clone());
        let found = self.run(move |store| store.open_blob(&repository, &digest)).await?;
        let runtime = Arc::clone(&self.runtime);
        Ok(found.map(|(file, size)| {
            StoredBlob::new(size, move |range| files::stream(file, range, runtime)).with_file(path)
        }))
    }

    async fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let (source, target, digest) = (source.clone(), target.clone(), digest.clone());
        self.run(move |store| store.link_blob(&source, &target, &digest)).await
    }

    async fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |store| store.unlink_blob(&repository, &digest)).await
    }

    async fn refresh(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |store| store.refresh(&repository, kind, &digest)).await
    }

    async fn kept(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        after: Option<&Digest>,
        size: usize,
    ) -> Result<Page<Kept>, StorageError> {
        let (repository, after) = (repository.clone(), after.cloned());
        self.run(move |store| store.kept(&repository, kind, after.as_ref(), size))
            .await
    }

    async fn sweep(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> Result<bool, StorageError> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |store| store.sweep(&repository, kind, &digest, before))
            .await
    }

    async fn reclaim(&self, before: SystemTime, dry_run: bool) -> Result<Reclaimed, StorageError> {
        self.run(move |store| store.reclaim(before, dry_run)).await
    }

    async fn uploads(&self, after: Option<UploadId>, size: usize) -> Result<Page<OpenUpload>, StorageError> {
        self.run(move |store| store.uploads(after, size)).await
    }

    async fn end_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<bool, StorageError> {
        let repository = repository.clone();
        self.run(move |store| store.end_upload(&repository, id)).await
    }

    async fn begin_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<Box<dyn Upload>, StorageError> {
        let repository = repository.clone();
        let session = self.run(move |store| store.begin_upload(repository, id)).await?;
        Ok(Box::new(DirectoryUpload::new(session, Arc::clone(&self.runtime))))
    }

    async fn resume_upload(
        &self,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Option<Box<dyn Upload>>, StorageError> {
        let lease = self.store.lease(id).ok_or_else(StorageError::busy)?;
        let repository = repository.clone();
        let session = self.run(move |_| lease.resume(repository)).await?;
        Ok(
            session
                .map(|session| Box::new(DirectoryUpload::new(session, Arc::clone(&self.runtime))) as Box<dyn Upload>),
        )
    }

    async fn upload_size(&self, repository: &RepositoryName, id: UploadId) -> Result<Option<u64>, StorageError> {
        let repository = repository.clone();
        self.run(move |store| store.upload_size(&repository, id)).await
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<StoredManifest>, StorageError> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |store| store.manifest(&repository, &digest)).await
    }

    async fn put_manifest(&self, put: PutManifest) -> Result<(), StorageError> {
        self.run(move |store| store.put_manifest(&put)).await
    }

    async fn delete_reference(&self, delete: DeleteReference) -> Result<bool, StorageError> {
        self.run(move |store| store.delete_reference(&delete)).await
    }

    async fn tag(&self, repository: &RepositoryName, tag: &Tag) -> Result<Option<Digest>, StorageError> {
        let (repository, tag) = (repository.clone(), tag.clone());
        self.run(move |store| store.tag(&repository, &tag)).await
    }

    async fn tagged_manifest(
        &self,
        repository: &RepositoryName,
        tag: &Tag,
    ) -> Result<Option<(Digest, Option<StoredManifest>)>, StorageError> {
        let (repository, tag) = (repository.clone(), tag.clone());
        self.run(move |store| store.tagged_manifest(&repository, &tag)).await
    }

    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        size: usize,
    ) -> Result<Option<Page<Tag>>, StorageError> {
        let (repository, after) = (repository.clone(), after.map(str::to_owned));
        self.run(move |store| store.tags(&repository, after.as_deref(), size))
            .await
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&str>,
        size: usize,
    ) -> Result<Page<Descriptor>, StorageError> {
        let (repository, subject, after) = (repository.clone(), subject.clone(), after.map(str::to_owned));
        self.run(move |store| store.referrers(&repository, &subject, after.as_deref(), size))
            .await
    }

    async fn repositories(&self, after: Option<&str>, size: usize) -> Result<Page<RepositoryName>, StorageError> {
        let after = after.map(str::to_owned);
        self.run(move |store| store.repositories(after.as_deref(), size)).await
    }
}
