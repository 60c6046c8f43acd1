use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// What was last noted, up to a bound: the oldest notes go first.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    notes: Mutex<Notes<K, V>>,
}

#[derive(Debug)]
struct Notes<K, V> {
    by_key: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    pub(crate) fn new() -> Self {
        let notes = Notes {
            by_key: HashMap::new(),
            order: VecDeque::new(),
        };
        Self {
            notes: Mutex::new(notes),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.by_key.get(key).cloned()
    }

    /// Notes `value`, in place of what was noted before.
    pub(crate) fn set(&self, key: K, value: V) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.by_key.insert(key.clone(), value).is_some() {
            return;
        }
        notes.order.push_back(key);
        if notes.order.len() > MAX_NOTES
            && let Some(oldest) = notes.order.pop_front()
        {
            notes.by_key.remove(&oldest);
        }
    }

    /// All keys that `matches` accepts, oldest first.
    pub(crate) fn keys(&self, matches: impl Fn(&K) -> bool) -> Vec<K> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.order.iter().filter(|key| matches(key)).cloned().collect()
    }
}

/// How much is kept in mind.
const MAX_NOTES: usize = 10_000;
