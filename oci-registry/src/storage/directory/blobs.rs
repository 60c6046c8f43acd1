use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

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

    pub(super) fn has_blob(&self, repository: &RepositoryName, digest: &Digest) -> io::Result<bool> {
        Ok(files::exists(&self.repository(repository).blob(digest))?
            && files::exists(&paths::blob(self.root(), digest))?)
    }

    pub(super) fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> io::Result<bool> {
        let found = files::exists(&self.repository(source).blob(digest))?;
        if found {
            self.add_blob(target, digest)?;
        }
        Ok(found)
    }

    pub(super) fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> io::Result<bool> {
        let entry = self.repository(repository).blob(digest);
        let removed = files::remove(&entry)?;
        if removed {
            files::sync_directory(&files::parent(&entry))?;
        }
        Ok(removed)
    }

    /// Makes a complete and synced file the blob `digest` of a repository.
    pub(super) fn publish_blob(&self, file: &Path, repository: &RepositoryName, digest: &Digest) -> io::Result<()> {
        let blob = paths::blob(self.root(), digest);
        if files::exists(&blob)? {
            files::remove(file)?;
        } else {
            self.rename(file, &blob)?;
        }
        // Also where another request has just put it: it may not be durable yet.
        files::sync_directory(&files::parent(&blob))?;
        self.add_blob(repository, digest)
    }

    /// Notes that a repository has a blob.
    fn add_blob(&self, repository: &RepositoryName, digest: &Digest) -> io::Result<()> {
        let entry = self.repository(repository).blob(digest);
        let directory = files::parent(&entry);
        let create = || File::options().append(true).create(true).open(&entry);
        match create() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                files::create_directories(self.root(), &directory)?;
                create().at(&entry)?;
            }
            result => drop(result.at(&entry)?),
        }
        files::sync_directory(&directory)
    }
}
