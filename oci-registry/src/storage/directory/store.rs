use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oci_spec_types::RepositoryName;

use super::super::{StorageError, StorageErrorKind, UploadId};
use super::files::{self, At};
use super::listing::LastListing;
use super::paths::{REPOSITORIES, RepositoryPath, TEMPORARY, UPLOADS};
use super::upload::Lease;

/// The blocking side of a directory storage.
pub(super) struct Store {
    root: PathBuf,
    /// Locked as long as this process has the directory open.
    _lock: File,
    /// The tags of the repository that was listed last.
    pub(super) listing: LastListing,
    /// For the changes to manifests and tags; the repository's hash chooses one.
    repositories: [Stripe; STRIPES],
    /// The number of the next temporary file.
    temporary: AtomicU64,
    /// The uploads that have a writer.
    writing: Mutex<HashSet<UploadId>>,
}

impl Store {
    pub(super) fn open(root: PathBuf) -> Result<Self, StorageError> {
        files::create_root(&root)?;
        let lock = lock(&root)?;
        check_format(&root)?;
        let temporary = root.join(TEMPORARY);
        files::found(fs::remove_dir_all(&temporary)).at(&temporary)?;
        for directory in [REPOSITORIES, TEMPORARY, UPLOADS] {
            files::create_directories(&root, &root.join(directory))?;
        }
        Ok(Self {
            root,
            _lock: lock,
            listing: LastListing::default(),
            repositories: std::array::from_fn(|_| Stripe::default()),
            temporary: AtomicU64::default(),
            writing: Mutex::default(),
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn repository(&self, name: &RepositoryName) -> RepositoryPath {
        RepositoryPath::new(&self.root, name)
    }

    /// Begins a change to the manifests and tags of a repository, and keeps others from it until it ends.
    pub(super) fn change(&self, repository: &RepositoryName) -> Change<'_> {
        let Stripe { changes, lock } = self.stripe(repository);
        Change {
            changes,
            _lock: lock.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// A number that is another one after every change to the repository.
    pub(super) fn changes(&self, repository: &RepositoryName) -> u64 {
        self.stripe(repository).changes.load(Ordering::Acquire)
    }

    /// The right to write to an upload; `None` if another has it.
    pub(super) fn lease(self: &Arc<Self>, id: UploadId) -> Option<Lease> {
        self.writing().insert(id).then(|| Lease::new(Arc::clone(self), id))
    }

    pub(super) fn writing(&self) -> MutexGuard<'_, HashSet<UploadId>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the file `path` this content at once, durably but for the directory that it is in.
    pub(super) fn replace(&self, path: &Path, content: &[&[u8]]) -> io::Result<()> {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self.root.join(TEMPORARY).join(number.to_string());
        let written = write(&temporary, content).and_then(|()| self.rename(&temporary, path));
        if written.is_err() {
            // It would be removed at the next start; what failed first is what matters.
            drop(fs::remove_file(&temporary));
        }
        written
    }

    fn stripe(&self, repository: &RepositoryName) -> &Stripe {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(repository.as_str());
        let index = usize::try_from(hash % STRIPES as u64).unwrap_or_default();
        self.repositories
            .get(index)
            .expect("the remainder is less than the number of stripes")
    }

    /// Renames, and makes the directories above the new name if they are missing.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match fs::rename(from, to) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                files::create_directories(&self.root, &files::parent(to))?;
                fs::rename(from, to).at(to)
            }
            result => result.at(to),
        }
    }
}

/// A change to a repository. It ends, whether it succeeded or not, when this is dropped.
pub(super) struct Change<'s> {
    changes: &'s AtomicU64,
    _lock: MutexGuard<'s, ()>,
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.changes.fetch_add(1, Ordering::Release);
    }
}

/// What repositories with the same remainder of their hash share.
#[derive(Default)]
struct Stripe {
    changes: AtomicU64,
    lock: Mutex<()>,
}

fn write(path: &Path, content: &[&[u8]]) -> io::Result<()> {
    let mut file = File::create_new(path).at(path)?;
    for part in content {
        file.write_all(part).at(path)?;
    }
    file.sync_all().at(path)
}

fn lock(root: &Path) -> Result<File, StorageError> {
    let path = root.join("lock");
    let file = File::options().create(true).append(true).open(&path).at(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(error)) => Ok(Err(error).at(&path)?),
        Err(TryLockError::WouldBlock) => {
            let message = format!(
                "{} is open in another process or storage; close that one first",
                root.display()
            );
            Err(StorageError::new(StorageErrorKind::Other, message))
        }
    }
}

/// Refuses a directory with other content, and marks a new one.
fn check_format(root: &Path) -> Result<(), StorageError> {
    let marker = root.join("format");
    // A marker that a crash cut short would be refused for ever, so it too gets its name when it is complete.
    let new = root.join("format.new");
    match files::read(&marker)? {
        Some(found) if found == FORMAT.as_bytes() => return Ok(()),
        None if files::names(root)?
            .iter()
            .all(|name| NEW_DIRECTORY.contains(&name.as_str())) => {}
        _ => {
            let message = format!("{} holds something else; choose an empty directory", root.display());
            return Err(StorageError::new(StorageErrorKind::Other, message));
        }
    }
    files::remove(&new)?;
    write(&new, &[FORMAT.as_bytes()])?;
    fs::rename(&new, &marker).at(&marker)?;
    Ok(files::sync_directory(root)?)
}

/// What the file `format` says.
const FORMAT: &str = "oci-registry directory storage 1\n";
/// What may be in a directory that is not marked yet: what opening it makes, and what a new file system has.
const NEW_DIRECTORY: [&str; 3] = ["format.new", "lock", "lost+found"];
/// Locks for changes; two repositories with the same one wait for each other.
const STRIPES: usize = 64;

#[cfg(test)]
mod tests;
