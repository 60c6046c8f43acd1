use std::io::{BufRead, Read};

use oci_client_core::Error;
use oci_spec_types::{Digest, MediaType, Sanitized};

use super::budget::Budget;
use super::uncompressed::Uncompressed;
use crate::errors::Fault;
use crate::tar_stream::{Entry, TarReader};

/// The entries of a layer, and at its end the certainty that they are the right ones.
pub(crate) struct LayerStream<'a> {
    reader: TarReader<Uncompressed<'a>>,
}

impl<'a> LayerStream<'a> {
    pub(crate) fn open(
        blob: impl BufRead + Send + 'a,
        media_type: &MediaType,
        diff_id: &Digest,
        budget: &'a mut Budget,
    ) -> Result<Self, Error> {
        let uncompressed = Uncompressed::open(blob, media_type, diff_id.hasher()?, budget)?;
        Ok(Self {
            reader: TarReader::new(uncompressed),
        })
    }

    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Error> {
        let entry = self.reader.next()?;
        if let Some(entry) = &entry {
            let taken = self.reader.source_mut().budget_mut().take_entry(entry);
            taken.map_err(|error| at(error, &entry.path))?;
        }
        Ok(entry)
    }

    /// The most components that a path may have.
    pub(crate) const fn depth(&self) -> usize {
        self.reader.source().budget().depth()
    }

    /// What the archive holds of the current entry's content.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.reader.read(buffer)
    }

    /// Reads what follows the last entry and compares the whole with the DiffID.
    pub(crate) fn finish(self, diff_id: &Digest) -> Result<(), Error> {
        self.reader.finish()?.verify(diff_id)
    }

    /// Reads all that is left, whatever it is: the digest of the whole, and whether that was zeros only.
    pub(crate) fn drain(self) -> Result<(Digest, bool), Error> {
        let mut layer = self.reader.into_source();
        let (mut buffer, mut is_zero) = (vec![0; BUFFER], true);
        loop {
            let read = layer.read(&mut buffer).map_err(Fault::from);
            let count = read.map_err(|fault| fault.into_error(|| "the layer cannot be read to its end".to_owned()))?;
            if count == 0 {
                return Ok((layer.finish(), is_zero));
            }
            is_zero &= buffer.iter().take(count).all(|byte| *byte == 0);
        }
    }
}

/// The error with the path that it is about.
pub(crate) fn at(error: Error, path: &[u8]) -> Error {
    let path = String::from_utf8_lossy(path);
    Error::new(error.kind(), format!("`{}` cannot be used", Sanitized::new(&path))).with_source(error)
}

const BUFFER: usize = 64 << 10;
