use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use oci_spec_types::{Digest, RepositoryName};

use super::super::{StorageError, StorageErrorKind, UploadId};
use super::files::{self, At};
use super::listing::LastListing;
use super::paths::{REPOSITORIES, RepositoryPath, TEMPORARY, UPLOADS};
use super::upload::Lease;
use super::{DirectoryOptions, Durability};

/// The blocking side of a directory storage.
pub(super) struct Store {
    root: PathBuf,
    durability: Durability,
    /// Locked as long as this process has the directory open.
    lock: File,
    /// The tags of the repository that was listed last.
    pub(super) listing: LastListing,
    /// For the changes to manifests and tags; the repository's hash chooses one.
    repositories: [Stripe; STRIPES],
    /// Shared by those who use a blob, and not to be shared by who removes it for its age; the digest's hash chooses one.
    blobs: [RwLock<()>; STRIPES],
    /// The number of the next temporary file.
    temporary: AtomicU64,
    /// The uploads that have a writer.
    writing: Mutex<HashSet<UploadId>>,
}

impl Drop for Store {
    /// Closing the file would leave the lock to any process that this one is starting at the moment, until that runs a program of its own.
    fn drop(&mut self) {
        // Where it fails, closing is what is left.
        let _ = self.lock.unlock();
    }
}

impl Store {
    pub(super) fn open(root: PathBuf, options: DirectoryOptions) -> Result<Self, StorageError> {
        let durability = options.durability();
        files::create_root(durability, &root)?;
        let lock = lock(&root)?;
        check_format(&root)?;
        let temporary = root.join(TEMPORARY);
        files::found(fs::remove_dir_all(&temporary)).at(&temporary)?;
        for directory in [REPOSITORIES, TEMPORARY, UPLOADS] {
            files::create_directories(durability, &root, &root.join(directory))?;
        }
        let store = Self {
            root,
            durability,
            lock,
            listing: LastListing::default(),
            repositories: std::array::from_fn(|_| Stripe::default()),
            temporary: AtomicU64::default(),
            blobs: std::array::from_fn(|_| RwLock::default()),
            writing: Mutex::default(),
        };
        store.clear_unknown_uploads()?;
        store.check_after_restart()?;
        Ok(store)
    }

    pub(super) const fn durability(&self) -> Durability {
        self.durability
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
        let written = write(self.durability, &temporary, content).and_then(|()| self.rename(&temporary, path));
        if written.is_err() {
            // It would be removed at the next start; what failed first is what matters.
            drop(fs::remove_file(&temporary));
        }
        written
    }

    /// Keeps a blob from being removed for its age while it is looked at and made younger.
    pub(super) fn blob_in_use(&self, digest: &Digest) -> RwLockReadGuard<'_, ()> {
        let lock = choose(&self.blobs, digest);
        lock.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody looks at a blob, and keeps it so while its age is looked at and it is removed.
    pub(super) fn blob_to_remove(&self, digest: &Digest) -> RwLockWriteGuard<'_, ()> {
        let lock = choose(&self.blobs, digest);
        lock.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn stripe(&self, repository: &RepositoryName) -> &Stripe {
        choose(&self.repositories, repository.as_str())
    }

    pub(super) fn create_directories(&self, path: &Path) -> io::Result<()> {
        files::create_directories(self.durability, &self.root, path)
    }

    /// Renames, and makes the directories above the new name if they are missing.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match fs::rename(from, to) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.create_directories(&files::parent(to))?;
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

/// One of `stripes`, always the same for the same key.
fn choose<T>(stripes: &[T; STRIPES], key: impl Hash) -> &T {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
    let index = usize::try_from(hash % STRIPES as u64).unwrap_or_default();
    stripes
        .get(index)
        .expect("the remainder is less than the number of stripes")
}

fn write(durability: Durability, path: &Path, content: &[&[u8]]) -> io::Result<()> {
    let mut file = File::create_new(path).at(path)?;
    for part in content {
        file.write_all(part).at(path)?;
    }
    durability.file(&file, path)
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
    write(Durability::Full, &new, &[FORMAT.as_bytes()])?;
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
