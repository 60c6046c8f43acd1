//! Files that get their names once they are whole.

mod kept;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};
use futures_util::{StreamExt, TryStreamExt, stream};
use oci_spec_types::Verifier;

use crate::client::Chunks;
use crate::runtime::{Runtime, unblock};
use crate::temporary_file::TemporaryFile;
use crate::{Error, ErrorKind};

pub(crate) use self::kept::KeptFile;

/// A file that is being written under a name of its own. Dropping it removes the file. Whatever is not async here blocks.
pub(crate) struct PartialFile {
    file: TemporaryFile,
    path: PathBuf,
}

impl PartialFile {
    /// How much is written at a time: 256 KiB, and what the last chunk of it brings more.
    pub(crate) const BATCH: u64 = 256 << 10;

    /// Begins a file that is to be called `path`; missing folders are created.
    pub(crate) fn create(path: PathBuf) -> Result<Self, Error> {
        let folder = folder_of(&path);
        let file = fs::create_dir_all(folder)
            .and_then(|()| TemporaryFile::public(folder, PREFIX))
            .map_err(|error| failed("create a file in", folder, error))?;
        Ok(Self { file, path })
    }

    pub(crate) const fn file(&self) -> &File {
        self.file.file()
    }

    /// The name that it is to get.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file `path` of all of `chunks`; `verifier` has the last word, if there is one, and `end` gives the file its name: [`commit`](Self::commit) or
    /// [`rename`](Self::rename). What is small enough is written at one go.
    pub(crate) async fn write_whole(
        path: PathBuf,
        runtime: &dyn Runtime,
        mut verifier: Option<Verifier>,
        chunks: Chunks,
        end: fn(Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut chunks: Chunks = Box::pin(chunks.fuse());
        let batch = gather(&mut chunks).await?;
        let next = gather(&mut chunks).await?;
        if next.is_empty() {
            let written = unblock(runtime, move || {
                let mut partial = Self::create(path)?;
                partial.write_batch(verifier.as_mut(), &batch)?;
                verifier.map_or(Ok(()), Verifier::finish)?;
                end(partial)
            });
            return written.await.map_err(io::Error::from)?;
        }
        let begun = stream::iter(batch.into_iter().chain(next)).map(Ok);
        let partial = unblock(runtime, move || Self::create(path))
            .await
            .map_err(io::Error::from)??;
        let partial = partial.fill(runtime, verifier, Box::pin(begun.chain(chunks))).await?;
        unblock(runtime, move || end(partial)).await.map_err(io::Error::from)?
    }

    /// Writes all of `chunks`, where blocking is allowed and not for every small piece alone.
    async fn fill(
        mut self,
        runtime: &dyn Runtime,
        mut verifier: Option<Verifier>,
        mut chunks: Chunks,
    ) -> Result<Self, Error> {
        let mut batch = gather(&mut chunks).await?;
        while !batch.is_empty() {
            let writing = unblock(runtime, move || {
                self.write_batch(verifier.as_mut(), &batch).map(|()| (self, verifier))
            });
            // The next ones arrive while these are being written. Whatever comes of them, the file is not let go of before it is here again.
            let (written, next) = match select(writing, pin!(gather(&mut chunks))).await {
                Either::Left((written, gathering)) => {
                    let written = written.map_err(io::Error::from)??;
                    (written, gathering.await)
                }
                Either::Right((next, writing)) => (writing.await.map_err(io::Error::from)??, next),
            };
            (self, verifier) = written;
            batch = next?;
        }
        if let Some(verifier) = verifier {
            verifier.finish()?;
        }
        Ok(self)
    }

    fn write_batch(&mut self, mut verifier: Option<&mut Verifier>, batch: &[Bytes]) -> Result<(), Error> {
        for chunk in batch {
            if let Some(verifier) = &mut verifier {
                verifier.update(chunk)?;
            }
            self.write(chunk)?;
        }
        Ok(())
    }

    pub(crate) fn write(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.file
            .file_mut()
            .write_all(chunk)
            .map_err(|error| failed("write", &self.path, error))
    }

    /// Gives the file its name, in place of one that was there, once all of it is on disk; then the name is on disk too.
    pub(crate) fn commit(self) -> Result<(), Error> {
        let path = self.path.clone();
        self.rename()?;
        sync_folder(folder_of(&path))
    }

    /// The same, but the name is on disk only after [`sync_folder`].
    pub(crate) fn rename(self) -> Result<(), Error> {
        self.finish()?;
        let Self { file, path } = self;
        match file.persist(&path) {
            Ok(()) => Ok(()),
            Err(error) => Err(failed("rename a file to", &path, error)),
        }
    }

    /// The same, unless a file of that name is there already: then that one stays, whoever made it, however short ago.
    pub(crate) fn commit_if_absent(self) -> Result<(), Error> {
        self.finish()?;
        let Self { file, path } = self;
        match file.persist_if_absent(&path) {
            Ok(true) => sync_folder(folder_of(&path)),
            Ok(false) => Ok(()),
            Err(error) => Err(failed("rename a file to", &path, error)),
        }
    }

    fn finish(&self) -> Result<(), Error> {
        self.file
            .file()
            .sync_data()
            .map_err(|error| failed("write", &self.path, error))
    }
}

/// Chunks that are worth a write; none at the end.
async fn gather(chunks: &mut Chunks) -> Result<Vec<Bytes>, Error> {
    let mut batch: Vec<Bytes> = Vec::new();
    let mut length = 0_usize;
    while (length as u64) < PartialFile::BATCH {
        let Some(chunk) = chunks.try_next().await? else {
            break;
        };
        length = length.saturating_add(chunk.len());
        batch.push(chunk);
    }
    Ok(batch)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the names in a folder last: a system that stops before the folder is on disk may forget them, and the content with them.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    match sync(folder) {
        // Not every file system can do that for a folder, and not every user may open one; the file is there all the same.
        Err(error) if !CANNOT_SYNC.contains(&error.kind()) => Err(failed("write the folder", folder, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(test)]
    SYNCED.with_borrow_mut(|synced| synced.push(folder.to_owned()));
    File::open(folder)?.sync_all()
}

/// Elsewhere folders cannot be opened as files, and the file system orders its own changes.
#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

pub(crate) fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Store, format!("cannot {what} {}", path.display())).with_source(error)
}

/// How the names of files begin that are being written.
pub(crate) const PREFIX: &str = ".partial-";

/// How it shows that a folder cannot be synchronised.
const CANNOT_SYNC: [io::ErrorKind; 3] = [
    io::ErrorKind::InvalidInput,
    io::ErrorKind::PermissionDenied,
    io::ErrorKind::Unsupported,
];

#[cfg(test)]
std::thread_local! {
    /// The folders that this thread has synchronised.
    static SYNCED: std::cell::RefCell<Vec<PathBuf>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// What was synchronised since the last call.
#[cfg(all(test, unix))]
pub(crate) fn synced() -> Vec<PathBuf> {
    SYNCED.take()
}

#[cfg(all(test, unix))]
mod tests;
