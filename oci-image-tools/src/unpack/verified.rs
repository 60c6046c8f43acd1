use std::io::{self, BufRead, Read};

use oci_client_core::Error;
use oci_spec_types::Verifier;

/// Content that ends with an error unless it is what its descriptor says.
pub(super) struct Verified<R> {
    inner: R,
    verifier: Option<Verifier>,
}

impl<R> Verified<R> {
    pub(super) const fn new(inner: R, verifier: Verifier) -> Self {
        Self {
            inner,
            verifier: Some(verifier),
        }
    }
}

impl<R: BufRead> BufRead for Verified<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let piece = self.inner.fill_buf()?;
        if piece.is_empty()
            && let Some(verifier) = self.verifier.take()
        {
            verifier
                .finish()
                .map_err(|error| io::Error::other(Error::from(error)))?;
        }
        Ok(piece)
    }

    fn consume(&mut self, count: usize) {
        // What is there already, which cannot fail.
        if let (Some(verifier), Ok(piece)) = (&mut self.verifier, self.inner.fill_buf()) {
            // What is too much is an error at the end as well.
            let _ = verifier.update(piece.get(..count).unwrap_or(piece));
        }
        self.inner.consume(count);
    }
}

impl<R: BufRead> Read for Verified<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
