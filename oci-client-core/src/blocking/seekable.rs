use std::io::{self, Read, Seek, SeekFrom};

use bytes::{Buf, Bytes};
use oci_spec_types::Digest;

use super::clock::Waiter;
use crate::Error;
use crate::client;

/// A blob that is read in places, by ranges, without being verified. It implements [`Read`] and [`Seek`]. See
/// [`Repository::blob_unverified`](super::Repository::blob_unverified).
///
/// What was fetched last is kept, so that small readings that follow one another cost one request together. Clones have caches and positions of their own.
#[derive(Clone, Debug)]
pub struct UnverifiedBlob {
    inner: client::UnverifiedBlob,
    position: u64,
    waiter: Waiter,
}

impl UnverifiedBlob {
    pub(super) const fn new(inner: client::UnverifiedBlob, waiter: Waiter) -> Self {
        Self {
            inner,
            position: 0,
            waiter,
        }
    }

    /// How many bytes each request asks for at least, and how many are kept at most unless a single reading is larger; 0 asks for no more than what is read.
    #[must_use]
    pub fn with_read_ahead(mut self, bytes: usize) -> Self {
        self.inner = self.inner.with_read_ahead(bytes);
        self
    }

    /// The bytes from `offset` on, `len` of them: fewer where the blob ends before, none from its end on. The position of [`Read`] stays where it is.
    ///
    /// At most one request, which goes on where its connection breaks. Nothing is set aside for `len` before bytes arrive.
    ///
    /// # Errors
    /// As [`client::UnverifiedBlob::read_at`].
    pub fn read_at(&mut self, offset: u64, len: usize) -> Result<Bytes, Error> {
        self.waiter.perform(self.inner.read_at(offset, len))
    }

    /// The digest that the whole should have.
    pub const fn digest(&self) -> &Digest {
        self.inner.digest()
    }

    /// The size of the blob in bytes, as its descriptor has it.
    pub const fn size(&self) -> u64 {
        self.inner.size()
    }
}

/// An [`io::Error`] of this carries the [`Error`], for [`io::Error::downcast`].
impl Read for UnverifiedBlob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = self.read_at(self.position, buffer.len()).map_err(io::Error::other)?;
        let length = read.len().min(buffer.len());
        read.copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        self.position = self.position.saturating_add(length as u64);
        Ok(length)
    }
}

/// Nothing is asked of the registry; places beyond the end are as good as the end.
impl Seek for UnverifiedBlob {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        let position = match place {
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => self.size().checked_add_signed(offset),
            SeekFrom::Start(offset) => Some(offset),
        };
        match position {
            Some(position) => {
                self.position = position;
                Ok(position)
            }
            None => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the place is before the beginning of the blob",
            )),
        }
    }
}
