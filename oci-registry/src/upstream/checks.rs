//! What the upstream said a short while ago.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Failure, Key};

/// What came of asking, for as long as it is not to be asked again. It only saves requests, so it may be forgotten at any time.
#[derive(Default)]
pub(super) struct Checks {
    table: Mutex<HashMap<Key, Check>>,
}

struct Check {
    outcome: Result<(), Failure>,
    /// On the clock of the client's runtime.
    until: Duration,
}

impl Checks {
    pub(super) fn get(&self, now: Duration, key: &Key) -> Option<Result<(), Failure>> {
        let table = self.table();
        let check = table.get(key).filter(|check| now < check.until)?;
        Some(check.outcome.clone())
    }

    pub(super) fn set(&self, now: Duration, key: Key, age: Duration, outcome: Result<(), Failure>) {
        let mut table = self.table();
        if table.len() >= CAPACITY {
            table.retain(|_, check| now < check.until);
        }
        if table.len() >= CAPACITY {
            table.clear();
        }
        let until = now.saturating_add(age);
        table.insert(key, Check { outcome, until });
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Key, Check>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many are remembered.
const CAPACITY: usize = 16 * 1024;

#[cfg(test)]
mod tests;
