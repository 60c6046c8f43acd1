use std::io::{self, Write};

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Algorithm, Digest, Hasher};

/// Hashes and counts what passes through, up to a limit.
pub(crate) struct Hashed<W> {
    hasher: Hasher,
    limit: u64,
    output: W,
}

impl<W: Write> Hashed<W> {
    pub(crate) fn new(output: W, limit: u64) -> Result<Self, Error> {
        Ok(Self {
            hasher: Algorithm::SHA256.hasher()?,
            limit,
            output,
        })
    }

    /// The digest, the number of bytes, and where they went.
    pub(crate) fn finish(self) -> (Digest, u64, W) {
        let size = self.hasher.len();
        (self.hasher.finish(), size, self.output)
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let limit = self.limit;
        if self.hasher.len().saturating_add(piece.len() as u64) > limit {
            let message = format!("the layer has more than {limit} bytes; its limits may be raised");
            return Err(io::Error::other(Error::new(ErrorKind::TooLarge, message)));
        }
        let written = self.output.write(piece)?;
        self.hasher.update(piece.get(..written).unwrap_or(piece));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
