//! The blobs of a layout without entries: what a cache keeps.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use oci_spec_types::Digest;

use super::OciLayout;
use super::files::{BLOBS, Files};
use crate::partial_file::{PREFIX, failed};
use crate::{Error, ErrorKind};

impl OciLayout {
    /// All blobs with their sizes, the oldest first; unfinished files are removed.
    pub(in crate::store) async fn stock(&self) -> Result<Vec<(Digest, u64)>, Error> {
        self.blocking(stock).await
    }

    /// Removes a blob, if it is there.
    pub(in crate::store) async fn remove_blob(&self, digest: &Digest) -> Result<(), Error> {
        let digest = digest.clone();
        self.blocking(move |files| {
            let path = files.blob_path(&digest)?;
            remove(&path)
        })
        .await
    }
}

fn stock(files: &Files) -> Result<Vec<(Digest, u64)>, Error> {
    if !files.read_index()?.entries().is_empty() {
        let path = files.root().display();
        let message = format!(
            "{path} is no cache: its index.json has entries, whose blobs it is to keep; use a folder of its own"
        );
        return Err(Error::new(ErrorKind::Misuse, message));
    }
    let blobs = files.root().join(BLOBS);
    let mut found: Vec<(SystemTime, Digest, u64)> = Vec::new();
    for folder in entries(&blobs)?.iter().filter(|folder| folder.path().is_dir()) {
        let algorithm = folder.file_name();
        for file in entries(&folder.path())? {
            let name = file.file_name();
            let (Some(algorithm), Some(name)) = (algorithm.to_str(), name.to_str()) else {
                continue;
            };
            if name.starts_with(PREFIX) {
                remove(&file.path())?;
            } else if let Ok(digest) = format!("{algorithm}:{name}").parse::<Digest>()
                && let Some((written, size)) = described(&file).map_err(|error| failed("read", &file.path(), error))?
            {
                found.push((written, digest, size));
            }
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, digest, size)| (digest, size)).collect())
}

/// When a file was written, and its size; `None` for what is no file.
fn described(file: &DirEntry) -> io::Result<Option<(SystemTime, u64)>> {
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true => Ok(Some((metadata.modified()?, metadata.len()))),
        false => Ok(None),
    }
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>, Error> {
    let read = fs::read_dir(folder).and_then(Iterator::collect);
    read.map_err(|error| failed("read the folder", folder, error))
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path, error)),
        _ => Ok(()),
    }
}
