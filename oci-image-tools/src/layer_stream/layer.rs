use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Digest, Hasher, MediaType, Sanitized};

use super::blob::BlobStream;
use super::budget::Budget;
use super::compression::uncompressed;
use crate::tar_stream::{Entry, TarReader};

/// The entries of a layer, and at its end the certainty that they are the right ones.
pub(crate) struct LayerStream<'a> {
    reader: TarReader<Measured<'a>>,
}

impl<'a> LayerStream<'a> {
    pub(crate) fn open(
        blob: BlobStream,
        media_type: &MediaType,
        diff_id: &Digest,
        budget: &'a mut Budget,
    ) -> Result<Self, Error> {
        let compressed = blob.count();
        let measured = Measured {
            budget,
            compressed,
            hasher: diff_id.hasher()?,
            inner: uncompressed(blob, media_type)?,
        };
        Ok(Self {
            reader: TarReader::new(measured),
        })
    }

    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Error> {
        let entry = self.reader.next()?;
        if let Some(entry) = &entry {
            self.reader
                .source_mut()
                .budget
                .take_entry(entry)
                .map_err(|error| at(error, &entry.path))?;
        }
        Ok(entry)
    }

    /// The most components that a path may have.
    pub(crate) const fn depth(&self) -> usize {
        self.reader.source().budget.depth()
    }

    /// What the archive holds of the current entry's content.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.reader.read(buffer)
    }

    /// Reads what follows the last entry and compares the whole with the DiffID.
    pub(crate) fn finish(self, diff_id: &Digest) -> Result<(), Error> {
        let found = self.reader.finish()?.hasher.finish();
        if found == *diff_id {
            return Ok(());
        }
        let message =
            format!("the layer's uncompressed content is {found}, but the image's configuration says {diff_id}");
        Err(Error::new(ErrorKind::Mismatch, message))
    }
}

/// The error with the path that it is about.
pub(crate) fn at(error: Error, path: &[u8]) -> Error {
    let path = String::from_utf8_lossy(path);
    Error::new(error.kind(), format!("`{}` cannot be used", Sanitized::new(&path))).with_source(error)
}

/// What comes out of a layer, hashed and counted.
struct Measured<'a> {
    budget: &'a mut Budget,
    compressed: Arc<AtomicU64>,
    hasher: Hasher,
    inner: Box<dyn Read + Send>,
}

impl Read for Measured<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        let (compressed, produced) = (self.compressed.load(Ordering::Relaxed), self.hasher.len());
        let taken = self.budget.take_bytes(count as u64, compressed, produced);
        taken.map_err(io::Error::other)?;
        Ok(count)
    }
}
