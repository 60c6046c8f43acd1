use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oci_client_core::Error;
use oci_spec_types::{Descriptor, Mismatch, Verifier};

use super::report::Defect;
use crate::errors::failed;
use crate::layer_stream::BlobStream;

/// The content of a blob as it is stored, verified while another reader takes it; what that one leaves is read at the end.
#[derive(Clone)]
pub(super) struct Raw(Arc<Mutex<State>>);

struct State {
    blob: BlobStream,
    /// Why it could not be read to its end.
    failure: Option<(Defect, String)>,
    verifier: Verifier,
}

impl Raw {
    pub(super) fn new(blob: BlobStream, descriptor: &Descriptor) -> Result<Self, Error> {
        Ok(Self(Arc::new(Mutex::new(State {
            blob,
            failure: None,
            verifier: descriptor.verifier()?,
        }))))
    }

    /// Whether what reads it fails because of the blob.
    pub(super) fn has_failed(&self) -> bool {
        self.lock().failure.is_some()
    }

    /// Reads what is left; what is wrong with the blob, if something is.
    pub(super) fn finish(mut self) -> Option<(Defect, String)> {
        let mut buffer = vec![0; BUFFER];
        while matches!(self.read(&mut buffer), Ok(1..)) {}
        let mut state = self.lock();
        state.failure.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.lock();
        if state.failure.is_some() {
            return Err(io::Error::other("the blob cannot be read to its end"));
        }
        let read = state.take(buffer);
        if let Err(error) = &read {
            state.failure = Some((Defect::of(error), error.to_string()));
        }
        read.map_err(io::Error::other)
    }
}

impl State {
    fn take(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let read = self.blob.read(buffer);
        let count = read.map_err(|error| failed(error, "the blob cannot be read"))?;
        self.verifier.update(buffer.get(..count).unwrap_or_default())?;
        if count == 0 && !buffer.is_empty() {
            self.check()?;
        }
        Ok(count)
    }

    fn check(&self) -> Result<(), Mismatch> {
        self.verifier.clone().finish()
    }
}

const BUFFER: usize = 64 << 10;
