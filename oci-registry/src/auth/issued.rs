use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use oci_client_core::Secret;
use oci_spec_types::Digest;

/// Random names that stand for something, each for a time.
///
/// It keeps digests of the names: neither its memory nor the time of a look-up gives one away.
#[derive(Debug)]
pub(crate) struct Issued<T> {
    entries: Mutex<HashMap<Digest, Entry<T>>>,
}

#[derive(Debug)]
struct Entry<T> {
    expires: Duration,
    value: T,
}

impl<T: Clone> Issued<T> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Mutex::new(HashMap::new()),
        }
    }

    /// A new name for `value`, good for `lifetime` from `now`, a reading of a monotonic clock.
    pub(crate) fn issue(&self, value: T, now: Duration, lifetime: Duration) -> Result<Secret, NoRandom> {
        let name = random()?;
        self.keep(&name, value, now, lifetime);
        Ok(name)
    }

    /// Lets `name`, which nobody else can guess, stand for `value`.
    pub(super) fn keep(&self, name: &Secret, value: T, now: Duration, lifetime: Duration) {
        let entry = Entry {
            expires: now.saturating_add(lifetime),
            value,
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            make_room(&mut entries, now);
        }
        entries.insert(Digest::sha256(name.expose().as_bytes()), entry);
    }

    /// What `name` stands for at `now`.
    pub(crate) fn get(&self, name: &str, now: Duration) -> Option<T> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&Digest::sha256(name.as_bytes()))?;
        (now < entry.expires).then(|| entry.value.clone())
    }
}

/// The operating system has no random numbers.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub(crate) struct NoRandom;

/// Drops what has expired or, where nothing has, what would expire next.
fn make_room<T>(entries: &mut HashMap<Digest, Entry<T>>, now: Duration) {
    entries.retain(|_, entry| now < entry.expires);
    if entries.len() >= MAX_ENTRIES
        && let Some(next) = entries
            .iter()
            .min_by_key(|(_, entry)| entry.expires)
            .map(|(name, _)| name.clone())
    {
        entries.remove(&next);
    }
}

/// 256 random bits, as hexadecimal digits.
pub(super) fn random() -> Result<Secret, NoRandom> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(Secret::new(
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
    ))
}

/// How many names are kept at once.
const MAX_ENTRIES: usize = 10_000;

#[cfg(test)]
mod tests;
