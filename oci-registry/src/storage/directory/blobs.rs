use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::SystemTime;

use oci_spec_types::{Digest, RepositoryName};

use super::files::{self, At};
use super::paths;
use super::store::Store;

impl Store {
    /// The bytes of a blob of a repository, and their number.
    pub(super) fn open_blob(&self, repository: &RepositoryName, digest: &Digest) -> io::Result<Option<(File, u64)>> {
        if !files::exists(&self.repository(repository).blob(digest))? {
            return Ok(None);
        }
        let path = paths::blob(self.root(), digest);
        let Some(file) = files::found(File::open(&path)).at(&path)? else {
            return Ok(None);
        };
        let size = file.metadata().at(&path)?.len();
        Ok(Some((file, size)))
    }

    pub(super) fn refresh_blob(&self, repository: &RepositoryName, digest: &Digest) -> io::Result<bool> {
        let _use = self.blob_in_use(digest);
        Ok(files::exists(&paths::blob(self.root(), digest))?
            && files::touch(&self.repository(repository).blob(digest))?)
    }

    pub(super) fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> io::Result<bool> {
        let _use = self.blob_in_use(digest);
        let found =
            files::exists(&self.repository(source).blob(digest))? && files::touch(&paths::blob(self.root(), digest))?;
        if found {
            self.add_blob(target, digest)?;
        }
        Ok(found)
    }

    pub(super) fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> io::Result<bool> {
        let entry = self.repository(repository).blob(digest);
        let removed = files::remove(&entry)?;
        if removed {
            self.durability().directory(&files::parent(&entry))?;
        }
        Ok(removed)
    }

    /// Takes a blob out of a repository if its age began before `before`.
    pub(super) fn sweep_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        before: SystemTime,
    ) -> io::Result<bool> {
        let _removal = self.blob_to_remove(digest);
        let entry = self.repository(repository).blob(digest);
        Ok(files::is_older(&entry, before)? && self.unlink_blob(repository, digest)?)
    }

    /// Makes a complete and synced file the blob `digest` of a repository.
    pub(super) fn publish_blob(&self, file: &Path, repository: &RepositoryName, digest: &Digest) -> io::Result<()> {
        let _use = self.blob_in_use(digest);
        let blob = paths::blob(self.root(), digest);
        if files::exists(&blob)? {
            files::remove(file)?;
        } else {
            self.rename(file, &blob)?;
        }
        files::touch(&blob)?;
        // Also where another request has just put it: it may not be durable yet.
        self.durability().directory(&files::parent(&blob))?;
        self.add_blob(repository, digest)
    }

    /// Removes the bytes of a blob that no repository has, if they were last used before `before`; says how many they were.
    pub(super) fn remove_bytes(&self, digest: &Digest, before: SystemTime) -> io::Result<Option<u64>> {
        let _removal = self.blob_to_remove(digest);
        let blob = paths::blob(self.root(), digest);
        if !files::is_older(&blob, before)? {
            return Ok(None);
        }
        let size = fs::metadata(&blob).at(&blob)?.len();
        Ok(files::remove(&blob)?.then_some(size))
    }

    /// Notes that a repository has a blob.
    fn add_blob(&self, repository: &RepositoryName, digest: &Digest) -> io::Result<()> {
        let entry = self.repository(repository).blob(digest);
        let directory = files::parent(&entry);
        let create = || File::options().append(true).create(true).open(&entry);
        let file = match create() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.create_directories(&directory)?;
                create().at(&entry)?
            }
            result => result.at(&entry)?,
        };
        file.set_modified(SystemTime::now()).at(&entry)?;
        self.durability().directory(&directory)
    }
}
