use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use oci_spec_types::Digest;

use super::{failed, folder_of, sync_folder};
use crate::{Error, ErrorKind};

/// A partial file that outlives the process, under a name that the next one finds. One process at a time has it. Everything here blocks.
pub(crate) struct KeptFile {
    file: File,
    partial: PathBuf,
    path: PathBuf,
}

impl KeptFile {
    /// Opens, or begins, the partial file of what is to be called `path`; missing folders are created.
    pub(crate) fn open(path: PathBuf, digest: &Digest) -> Result<Self, Error> {
        let partial = partial_path(&path, digest)?;
        let folder = folder_of(&path);
        fs::create_dir_all(folder).map_err(|error| failed("create", folder, error))?;
        // Whoever had the lock may have given the file its name meanwhile: then this one is not the partial file any more.
        for _ in 0..MAX_OPENS {
            check_plain(&partial)?;
            let file = open(&partial).map_err(|error| failed("open", &partial, error))?;
            lock(&file, &partial)?;
            if is_at(&file, &partial) {
                return Ok(Self { file, partial, path });
            }
        }
        Err(in_use(&partial))
    }

    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    /// Where it is while it is partial.
    pub(crate) fn partial_path(&self) -> &Path {
        &self.partial
    }

    /// Gives the file its name, in place of one that was there, once all of it is on disk; then the name is on disk too.
    pub(crate) fn commit(self) -> Result<(), Error> {
        self.file
            .sync_data()
            .map_err(|error| failed("write", &self.partial, error))?;
        fs::rename(&self.partial, &self.path).map_err(|error| failed("rename a file to", &self.path, error))?;
        sync_folder(folder_of(&self.path))
    }

    /// Removes it.
    pub(crate) fn discard(self) -> Result<(), Error> {
        fs::remove_file(&self.partial).map_err(|error| failed("remove", &self.partial, error))
    }
}

/// `NAME.DIGEST.partial` beside what it becomes, with as much of the digest as tells two apart.
fn partial_path(path: &Path, digest: &Digest) -> Result<PathBuf, Error> {
    let Some(name) = path.file_name() else {
        let message = format!("{} is no name for a file", path.display());
        return Err(Error::new(ErrorKind::Invalid, message));
    };
    let encoded = digest.encoded_string();
    let short = encoded.get(..DIGEST_SHOWN).unwrap_or(&encoded);
    let mut partial = name.to_owned();
    partial.push(format!(".{short}.partial"));
    Ok(path.with_file_name(partial))
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// The name can be guessed: where others may write to the folder, a link under it would lead the content, and what is cut off of it, into another file.
fn check_plain(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            let message = format!("{} is no plain file: remove it, and look who made it", path.display());
            Err(Error::new(ErrorKind::Store, message))
        }
        // What else is wrong with it, opening it tells.
        Ok(_) | Err(_) => Ok(()),
    }
}

fn lock(file: &File, path: &Path) -> Result<(), Error> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(in_use(path)),
        Err(TryLockError::Error(error)) => Err(failed("lock", path, error)),
    }
}

fn in_use(path: &Path) -> Error {
    let message = format!(
        "{} is being written by somebody else: wait until that is done",
        path.display()
    );
    Error::new(ErrorKind::Store, message)
}

/// Whether the open file is still the one of that name, and the name no link to it.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let (opened, named) = (file.metadata().map(identity), fs::symlink_metadata(path).map(identity));
    opened.is_ok_and(|opened| named.is_ok_and(|named| opened == named))
}

/// Whether there still is a file of that name; which one is not to be found out here.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// As many characters of a digest as tell two blobs apart.
const DIGEST_SHOWN: usize = 16;

/// How often the name may come to mean another file while this one is being locked.
const MAX_OPENS: usize = 8;
