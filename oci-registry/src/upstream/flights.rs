//! One request to the upstream for all who want the same.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::Shared;
use oci_client_core::runtime::Runtime;

use super::{Failure, Key};

/// What is under way, by what it is for.
///
/// It runs in the background, so that whoever began it may go away.
#[derive(Clone, Default)]
pub(super) struct Flights {
    table: Arc<Mutex<HashMap<Key, Landing>>>,
}

/// Tells what came of a flight.
type Landing = Shared<oneshot::Receiver<Result<(), Failure>>>;

impl Flights {
    /// Waits for what is under way for `key`; if nothing is, begins `make`.
    pub(super) async fn join<F>(&self, runtime: &dyn Runtime, key: Key, make: impl FnOnce() -> F) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let landing = self.landing(runtime, key, make);
        landing
            .await
            .unwrap_or_else(|oneshot::Canceled| Err(Failure::interrupted()))
    }

    fn landing<F>(&self, runtime: &dyn Runtime, key: Key, make: impl FnOnce() -> F) -> Landing
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let mut table = self.table();
        if let Some(landing) = table.get(&key) {
            return landing.clone();
        }
        let (sender, receiver) = oneshot::channel();
        let landing = receiver.shared();
        table.insert(key.clone(), landing.clone());
        drop(table);
        let entry = Entry {
            flights: self.clone(),
            key,
        };
        let flight = make();
        runtime.spawn(Box::pin(async move {
            // Taken along from the beginning: the task may be dropped before it is polled.
            let _entry = entry;
            // Those who waited may be gone.
            let _ = sender.send(flight.await);
        }));
        landing
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Key, Landing>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a flight out of the table, however its task ends.
struct Entry {
    flights: Flights,
    key: Key,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.flights.table().remove(&self.key);
    }
}
