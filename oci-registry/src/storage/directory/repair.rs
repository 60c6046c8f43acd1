use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use oci_spec_types::{Digest, RepositoryName};

use super::Durability;
use super::files::{self, At};
use super::garbage::digests;
use super::manifests::parse;
use super::paths::{self, BLOBS, QUARANTINE, tag_of_file};
use super::store::Store;

impl Store {
    /// Reads everything if something was written without waiting for the disk, and the machine has been started anew since.
    pub(super) fn check_after_restart(&self) -> io::Result<()> {
        let marker = self.root().join(UNSYNCED);
        let boot = boot();
        let found = files::read(&marker)?;
        let restarted = found.as_ref().is_some_and(|found| Some(found) != boot.as_ref());
        if restarted {
            self.check_content()?;
        }
        match self.durability() {
            Durability::Full if restarted => {
                files::remove(&marker)?;
                files::sync_directory(self.root())
            }
            Durability::Full => Ok(()),
            Durability::Relaxed => {
                let boot = boot.unwrap_or_default();
                fs::write(&marker, boot).at(&marker)?;
                File::open(&marker).and_then(|file| file.sync_all()).at(&marker)?;
                files::sync_directory(self.root())
            }
        }
    }

    /// Puts aside what is not whole: content that has another digest, tags that point to nothing. Returns where that was, below the root.
    pub(super) fn check_content(&self) -> io::Result<Vec<PathBuf>> {
        let mut torn = Vec::new();
        for digest in digests(&self.root().join(BLOBS))? {
            let blob = paths::blob(self.root(), &digest);
            let _removal = self.blob_to_remove(&digest);
            if let Some(file) = files::found(File::open(&blob)).at(&blob)?
                && !hashes_to(file, &digest).at(&blob)?
            {
                torn.push(self.put_aside(&blob)?);
            }
        }
        for repository in self.repository_names()? {
            let _change = self.change(&repository);
            self.check_manifests(&repository, &mut torn)?;
            self.check_tags(&repository, &mut torn)?;
        }
        Ok(torn)
    }

    fn check_manifests(&self, repository: &RepositoryName, torn: &mut Vec<PathBuf>) -> io::Result<()> {
        let path = self.repository(repository);
        for digest in digests(&path.manifests())? {
            let record = path.manifest(&digest);
            if let Some(content) = files::read(&record)?
                && !parse(content.into())
                    .is_ok_and(|(manifest, _)| hashes_to(manifest.content().as_ref(), &digest).unwrap_or_default())
            {
                torn.push(self.put_aside(&record)?);
            }
        }
        Ok(())
    }

    /// After the manifests: a tag whose manifest has been put aside points to nothing.
    fn check_tags(&self, repository: &RepositoryName, torn: &mut Vec<PathBuf>) -> io::Result<()> {
        let path = self.repository(repository);
        for tag in files::names(&path.tags())?.iter().filter_map(|name| tag_of_file(name)) {
            let whole = match self.tag(repository, &tag) {
                Ok(None) => true,
                Ok(Some(target)) => self.has_manifest(repository, &target)?,
                Err(_) => false,
            };
            if !whole {
                torn.push(self.put_aside(&path.tag(&tag))?);
            }
        }
        Ok(())
    }

    /// Moves a file to where nothing looks for it.
    fn put_aside(&self, path: &Path) -> io::Result<PathBuf> {
        let place = path.strip_prefix(self.root()).map_err(io::Error::other)?;
        self.rename(path, &self.root().join(QUARANTINE).join(place))?;
        files::sync_directory(&files::parent(path))?;
        tracing::warn!(path = %place.display(), "put aside a file that is not whole");
        Ok(place.to_owned())
    }
}

/// Whether content is what the digest says.
fn hashes_to(mut content: impl Read, digest: &Digest) -> io::Result<bool> {
    let mut hasher = digest.algorithm().hasher().map_err(io::Error::other)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = content.read(&mut buffer)?;
        if length == 0 {
            return Ok(hasher.finish() == *digest);
        }
        hasher.update(buffer.get(..length).unwrap_or_default());
    }
}

/// What names the time since the machine was started; `None` where the system does not tell.
fn boot() -> Option<Vec<u8>> {
    fs::read("/proc/sys/kernel/random/boot_id").ok()
}

/// The file that says when content was last written without waiting for the disk.
const UNSYNCED: &str = "unsynced";
/// How much is read and hashed at once.
const BUFFER: usize = 256 * 1024;

#[cfg(test)]
mod tests;
