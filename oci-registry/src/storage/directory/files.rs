//! Reading and writing files so that a crash leaves the old or the new, and nothing between.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};

use super::Durability;

/// Streams a range of a file.
pub(super) fn stream(file: File, range: Range<u64>, runtime: Arc<dyn Runtime>) -> Body {
    let length = range.end.saturating_sub(range.start);
    let begin = move |file: File, range: Range<u64>| {
        (!range.is_empty()).then(|| unblock(&*runtime, move || read_chunk(file, range)))
    };
    let chunks = stream::try_unfold((begin(file, range), begin), async |(reading, begin)| {
        let Some(reading) = reading else {
            return Ok(None);
        };
        let read = reading.await.map_err(io::Error::from).flatten();
        let (chunk, (file, rest)) = read.map_err(|error| TransportError::new(TransportErrorKind::Body, error))?;
        // The next chunk is read while this one is on its way.
        Ok(Some((chunk, (begin(file, rest), begin))))
    });
    Body::from_stream(chunks, Some(length))
}

/// The content of a file; `None` if there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    found(fs::read(path)).at(path)
}

/// Whether there is a file or directory.
pub(super) fn exists(path: &Path) -> io::Result<bool> {
    path.try_exists().at(path)
}

/// Removes a file, not yet durably; `false` if there was none.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    found(fs::remove_file(path)).map(|removed| removed.is_some()).at(path)
}

/// When a file was last written or touched; `None` if there is none.
pub(super) fn modified(path: &Path) -> io::Result<Option<SystemTime>> {
    let metadata = found(fs::metadata(path)).at(path)?;
    metadata.map(|metadata| metadata.modified().at(path)).transpose()
}

/// Whether there is a file that was last written or touched before `before`.
pub(super) fn is_older(path: &Path, before: SystemTime) -> io::Result<bool> {
    Ok(modified(path)?.is_some_and(|modified| modified < before))
}

/// Makes a file as new as now; `false` if there is none.
///
/// The time is given, as the one that the system would take may lie behind the clock by some milliseconds. Where nothing can be
/// written, nothing can be removed for its age either.
pub(super) fn touch(path: &Path) -> io::Result<bool> {
    let now = SystemTime::now();
    match File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_modified(now))
    {
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => exists(path),
        result => found(result).map(|touched| touched.is_some()).at(path),
    }
}

/// The names in a directory, unsorted; none if there is no directory. Names that are not UTF-8 are not ours.
pub(super) fn names(path: &Path) -> io::Result<Vec<String>> {
    #[cfg(test)]
    LISTED.set(LISTED.get() + 1);
    let Some(entries) = found(fs::read_dir(path)).at(path)? else {
        return Ok(Vec::new());
    };
    let names = entries.filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose());
    names.collect::<io::Result<_>>().at(path)
}

/// Makes a directory and all above it, down from `root`.
pub(super) fn create_directories(durability: Durability, root: &Path, path: &Path) -> io::Result<()> {
    let mut parent = root.to_owned();
    for component in path.strip_prefix(root).map_err(io::Error::other)?.components() {
        let directory = parent.join(component);
        match fs::create_dir(&directory) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error).at(&directory),
            // One that is there already may be so new that it is not durable yet.
            _ => durability.directory(&parent)?,
        }
        parent = directory;
    }
    Ok(())
}

/// Makes the directory `path` and all above it that are missing.
pub(super) fn create_root(durability: Durability, path: &Path) -> io::Result<()> {
    let path = std::path::absolute(path).at(path)?;
    match path.ancestors().find(|directory| directory.exists()) {
        Some(existing) => create_directories(durability, existing, &path),
        None => Err(ErrorKind::NotFound.into()).at(&path),
    }
}

/// Makes what was created, renamed or removed in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(test)]
    SYNCED.with_borrow_mut(|synced| synced.push(path.to_owned()));
    // Elsewhere directories cannot be opened as files, and the file system orders its own changes.
    if cfg!(unix) {
        File::open(path).and_then(|directory| directory.sync_all()).at(path)
    } else {
        Ok(())
    }
}

/// The directory that a path is in.
pub(super) fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

/// Turns "not found" into `None`. A file where a directory should be is not found either.
pub(super) fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds the path that an error is about.
pub(super) trait At {
    fn at(self, path: &Path) -> Self;
}

impl<T> At for io::Result<T> {
    fn at(self, path: &Path) -> Self {
        self.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }
}

/// Reads the first chunk of a range that is not empty; returns it, and what is left to read.
fn read_chunk(mut file: File, range: Range<u64>) -> io::Result<(Bytes, (File, Range<u64>))> {
    let length = (range.end - range.start).min(CHUNK);
    let mut chunk = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.seek(SeekFrom::Start(range.start))?;
    file.by_ref().take(length).read_to_end(&mut chunk)?;
    if chunk.is_empty() {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let rest = range.start + chunk.len() as u64..range.end;
    Ok((chunk.into(), (file, rest)))
}

/// The largest chunk of a response.
const CHUNK: u64 = 256 * 1024;

#[cfg(test)]
thread_local! {
    /// How many directories this thread has listed.
    pub(super) static LISTED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    /// The directories that this thread has synced.
    pub(super) static SYNCED: std::cell::RefCell<Vec<PathBuf>> = const { std::cell::RefCell::new(Vec::new()) };
}
