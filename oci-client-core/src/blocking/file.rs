use std::io::{self, Read};
use std::path::PathBuf;

use oci_spec_types::{Algorithm, Descriptor, MediaType};

use super::Content;
use crate::Error;
use crate::client::{hash_file, open_at, unreadable};
use crate::proto::Span;

/// The content of a file.
#[derive(Clone, Debug)]
pub struct FileContent {
    path: PathBuf,
}

impl FileContent {
    /// The content of the file at `path`, which is opened anew for each reading.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Reads the file once and describes it, with its sha256 digest.
    ///
    /// # Errors
    /// If the file cannot be read; the error names it.
    pub fn describe(&self, media_type: MediaType) -> Result<Descriptor, Error> {
        let (digest, size) =
            hash_file(&self.path, &Algorithm::SHA256).map_err(|error| unreadable(&self.path, error))?;
        Ok(Descriptor::new(media_type, digest, size))
    }
}

impl Content for FileContent {
    fn open(&self, span: Span) -> Result<Box<dyn Read + Send>, Error> {
        let file = open_at(&self.path, span.start).map_err(|error| unreadable(&self.path, error))?;
        Ok(Box::new(Reading {
            file: file.take(span.len.unwrap_or(u64::MAX)),
            path: self.path.clone(),
        }))
    }
}

struct Reading {
    file: io::Take<std::fs::File>,
    path: PathBuf,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => io::Error::other(unreadable(&self.path, error)),
        })
    }
}
