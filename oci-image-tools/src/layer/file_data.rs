use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use oci_client_core::{Error, ErrorKind};

/// The content of a regular file, which is not to change meanwhile.
pub(super) struct FileData<'a> {
    file: File,
    path: &'a Path,
}

impl<'a> FileData<'a> {
    /// Opens the file, but no link or pipe that has taken its place.
    pub(super) fn open(path: &'a Path, size: u64) -> Result<Self, Error> {
        let file = without_following(path).map_err(|error| unreadable(path, error))?;
        let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
        if !metadata.is_file() || metadata.len() != size {
            return Err(changed(path));
        }
        Ok(Self { file, path })
    }

    /// Whether there is anything left to read.
    pub(super) fn has_more(&mut self) -> Result<bool, Error> {
        let path = self.path;
        let read = io::copy(&mut (&mut self.file).take(1), &mut io::sink());
        read.map(|read| read > 0).map_err(|error| unreadable(path, error))
    }
}

impl Read for FileData<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file
            .read(buffer)
            .map_err(|error| io::Error::other(unreadable(self.path, error)))
    }
}

#[cfg(unix)]
fn without_following(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

#[cfg(not(unix))]
fn without_following(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

pub(super) fn changed(path: &Path) -> Error {
    let path = path.display();
    Error::new(
        ErrorKind::Store,
        format!("{path} has changed while a layer was being made of it"),
    )
}

pub(super) fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Store, format!("{} cannot be read", path.display())).with_source(error)
}
