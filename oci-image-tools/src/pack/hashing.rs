//! Hashing what is written.

use std::io::{self, Write};

use oci_client_core::Error;
use oci_spec_types::{Algorithm, Digest, Hasher};

/// Passes on what is written, and hashes it with sha256.
pub(super) struct Hashing<W> {
    hasher: Hasher,
    inner: W,
}

impl<W: Write> Hashing<W> {
    pub(super) fn new(inner: W) -> Result<Self, Error> {
        let hasher = Algorithm::SHA256.hasher()?;
        Ok(Self { hasher, inner })
    }

    /// What was written to, the digest and how many bytes there were.
    pub(super) fn finish(self) -> (W, Digest, u64) {
        let size = self.hasher.len();
        (self.inner, self.hasher.finish(), size)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
