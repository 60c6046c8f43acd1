use std::io::{self, Read};
use std::path::PathBuf;

use bytes::{Buf, Bytes, BytesMut};
use oci_spec_types::Digest;

use super::clock::Waiter;
use crate::client;
use crate::{Error, ErrorKind};

/// A blob on its way, verified. It implements [`Read`].
///
/// The last piece is held back until size and digest are right, so a reading that reaches its end has read the right
/// content, and one that cannot reach it ends in an error. Lost connections are taken up again at the byte where they broke.
///
/// Dropping it hangs up, and lets others take over what it had begun.
#[derive(Debug)]
pub struct BlobReader {
    inner: client::BlobReader,
    /// What has arrived and not yet been read.
    piece: Bytes,
    waiter: Waiter,
}

impl BlobReader {
    pub(super) const fn new(inner: client::BlobReader, waiter: Waiter) -> Self {
        Self {
            inner,
            piece: Bytes::new(),
            waiter,
        }
    }

    /// The digest that the content is checked against.
    pub const fn digest(&self) -> &Digest {
        self.inner.digest()
    }

    /// The size in bytes that the content is checked against.
    pub const fn size(&self) -> u64 {
        self.inner.size()
    }

    /// The next piece; `None` at the end, which is only reached by content that is whole and has the right digest.
    ///
    /// # Errors
    /// Of kind [`Mismatch`](ErrorKind::Mismatch) if the content is not what its descriptor says, or whatever kept the rest from arriving. Every
    /// call after an error is an error too.
    pub fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.piece.is_empty() {
            return Ok(Some(std::mem::take(&mut self.piece)));
        }
        self.waiter.perform(self.inner.chunk())
    }

    /// What has not been read yet, in memory, if the blob has at most `limit` bytes.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and of kind [`TooLarge`](ErrorKind::TooLarge), before anything is read, if the descriptor promises more than `limit`.
    pub fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        if self.size() > limit as u64 {
            let size = self.size();
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("the blob has {size} bytes, more than the limit of {limit}"),
            ));
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk()? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// Writes the blob to a file, which gets its name, in place of one that was there, once size and digest are right.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and of kind [`Store`](ErrorKind::Store) if the file cannot be written. Nothing is left under the name then, and no partial
    /// file beside it. Of kind [`Misuse`](ErrorKind::Misuse) if some of the blob has been read already: the file would lack that.
    pub fn save(self, path: impl Into<PathBuf>) -> Result<(), Error> {
        self.waiter.perform(self.inner.save(path))
    }
}

/// An [`io::Error`] of this carries the [`Error`], for [`io::Error::downcast`].
impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && !buffer.is_empty() {
            self.piece = self.chunk().map_err(io::Error::other)?.unwrap_or_default();
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}
