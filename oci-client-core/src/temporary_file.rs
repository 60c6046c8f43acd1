//! Files under names of their own, in the folder where they are to stay.
//!
//! What a crate for temporary files has besides, folders and files that are nobody's, is not needed here, and brings six crates more.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};

/// A new file under a name that nobody else has. Dropping it removes the file, unless it got the name that it is for. Everything here blocks.
pub(crate) struct TemporaryFile {
    file: File,
    /// Where it is; nowhere once it has got its name.
    path: Option<PathBuf>,
}

impl TemporaryFile {
    /// Creates a file that has the permissions of any new one.
    pub(crate) fn public(folder: &Path, prefix: &str) -> io::Result<Self> {
        Self::create(folder, prefix, &mut OpenOptions::new())
    }

    /// Creates a file that only its owner may read, from the beginning, on systems where files have modes.
    #[cfg(feature = "credentials")]
    pub(crate) fn private(folder: &Path, prefix: &str) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::create(folder, prefix, &mut options)
    }

    fn create(folder: &Path, prefix: &str, options: &mut OpenOptions) -> io::Result<Self> {
        let options = options.read(true).write(true).create_new(true);
        let mut attempts = 0;
        loop {
            let path = folder.join(format!("{prefix}{:016x}", unpredictable()));
            match options.open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < MAX_ATTEMPTS => attempts += 1,
                opened => {
                    return opened.map(|file| Self { file, path: Some(path) });
                }
            }
        }
    }

    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    pub(crate) const fn file_mut(&mut self) -> &mut File {
        &mut self.file
    }

    /// Gives it its name, in place of a file that was there.
    pub(crate) fn persist(mut self, name: &Path) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        fs::rename(path, name)?;
        self.path = None;
        Ok(())
    }

    /// The same, unless there is a file of that name: that one stays. Says whether the name was free.
    pub(crate) fn persist_if_absent(self, name: &Path) -> io::Result<bool> {
        let Some(path) = &self.path else { return Ok(true) };
        match fs::hard_link(path, name) {
            // Now it has two names, of which it loses the old one.
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            // Not every file system has links. Two that finish the same file at the same time cannot be told apart then.
            Err(_) if fs::symlink_metadata(name).is_ok() => Ok(false),
            Err(_) => self.persist(name).map(|()| true),
        }
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // There is nobody to tell; whoever cleans the folder knows it by its prefix.
            let _ = fs::remove_file(path);
        }
    }
}

/// A number that no other process knows: the standard library seeds its hashes by what the system has of chance.
fn unpredictable() -> u64 {
    RandomState::new().hash_one(())
}

/// How many names are tried. One that is taken is unlikely; another one is so again.
const MAX_ATTEMPTS: u32 = 8;

#[cfg(test)]
mod tests;
