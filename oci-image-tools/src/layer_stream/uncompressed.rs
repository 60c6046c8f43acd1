use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Digest, Hasher, MediaType};

use super::budget::Budget;
use crate::compression::uncompressed;

/// What comes out of a layer, hashed, counted and held to limits.
pub(crate) struct Uncompressed<'a> {
    budget: &'a mut Budget,
    compressed: Arc<AtomicU64>,
    hasher: Hasher,
    inner: Box<dyn Read + Send + 'a>,
}

impl<'a> Uncompressed<'a> {
    /// Of a layer of this type, hashed by `hasher`.
    pub(crate) fn open(
        blob: impl BufRead + Send + 'a,
        media_type: &MediaType,
        hasher: Hasher,
        budget: &'a mut Budget,
    ) -> Result<Self, Error> {
        let compressed = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            count: compressed.clone(),
            inner: blob,
        };
        Ok(Self {
            budget,
            compressed,
            hasher,
            inner: uncompressed(counted, media_type)?,
        })
    }

    pub(super) const fn budget(&self) -> &Budget {
        self.budget
    }

    pub(super) const fn budget_mut(&mut self) -> &mut Budget {
        self.budget
    }

    /// The digest of what was read.
    pub(crate) fn finish(self) -> Digest {
        self.hasher.finish()
    }

    /// Compares what was read with the DiffID.
    pub(crate) fn verify(self, diff_id: &Digest) -> Result<(), Error> {
        let found = self.finish();
        if found == *diff_id {
            return Ok(());
        }
        let message = format!("the layer is {found} without compression, and not {diff_id} as it is said to be");
        Err(Error::new(ErrorKind::Mismatch, message))
    }
}

impl Read for Uncompressed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        let (compressed, produced) = (self.compressed.load(Ordering::Relaxed), self.hasher.len());
        let taken = self.budget.take_bytes(count as u64, compressed, produced);
        taken.map_err(io::Error::other)?;
        Ok(count)
    }
}

/// Counts what is taken out.
struct Counted<R> {
    count: Arc<AtomicU64>,
    inner: R,
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.count.fetch_add(count as u64, Ordering::Relaxed);
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
