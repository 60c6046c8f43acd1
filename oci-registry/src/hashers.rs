//! What has been hashed of the uploads that are open.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use oci_spec_types::Hasher;

use crate::storage::UploadId;

/// The state of the hash of each open upload, between its requests.
///
/// It only saves work: an upload whose state is not here, because the process restarted or because too many uploads are
/// open, is hashed from the storage when it is finished.
#[derive(Debug, Default)]
pub(crate) struct Hashers {
    states: Mutex<HashMap<UploadId, Hasher>>,
}

impl Hashers {
    /// Takes the state of upload `id` out.
    pub(crate) fn take(&self, id: &UploadId) -> Option<Hasher> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }

    /// Keeps the state of upload `id` for its next request, at the cost of another upload's if there are too many.
    pub(crate) fn keep(&self, id: UploadId, hasher: Hasher) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= CAPACITY
            && let Some(other) = states.keys().next().copied()
        {
            states.remove(&other);
        }
        states.insert(id, hasher);
    }
}

/// States of about 200 bytes each.
const CAPACITY: usize = 4096;

#[cfg(test)]
mod tests;
