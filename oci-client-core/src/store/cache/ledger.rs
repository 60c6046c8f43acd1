//! What a cache has, how much of it there is, and what goes next.

use std::collections::{BTreeMap, HashMap};

use oci_spec_types::Digest;

pub(super) struct Ledger {
    /// Each with its size and when it was used last.
    kept: HashMap<Digest, (u64, u64)>,
    limit: u64,
    order: BTreeMap<u64, Digest>,
    /// What is on its way in, with its size.
    reserved: HashMap<Digest, u64>,
    /// Counts the uses.
    uses: u64,
    used: u64,
}

/// What came of asking for room.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Room {
    /// It is reserved.
    Made,
    /// It is not to be kept.
    None,
    /// It will be enough once this is gone; then it has to be asked for again.
    Without(Digest),
}

impl Ledger {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            kept: HashMap::new(),
            limit,
            order: BTreeMap::new(),
            reserved: HashMap::new(),
            used: 0,
            uses: 0,
        }
    }

    /// Takes down what is there, as used now.
    pub(super) fn add(&mut self, digest: Digest, size: u64) {
        self.forget(&digest);
        self.used = self.used.saturating_add(size);
        self.uses = self.uses.saturating_add(1);
        self.order.insert(self.uses, digest.clone());
        self.kept.insert(digest, (size, self.uses));
    }

    /// Says whether it is there; then it is used now.
    pub(super) fn touch(&mut self, digest: &Digest) -> bool {
        let Some((_, used)) = self.kept.get_mut(digest) else {
            return false;
        };
        self.uses = self.uses.saturating_add(1);
        self.order.remove(used);
        *used = self.uses;
        self.order.insert(self.uses, digest.clone());
        true
    }

    pub(super) fn forget(&mut self, digest: &Digest) {
        if let Some((size, used)) = self.kept.remove(digest) {
            self.order.remove(&used);
            self.used = self.used.saturating_sub(size);
        }
    }

    pub(super) fn reserve(&mut self, digest: &Digest, size: u64) -> Room {
        let on_their_way: u64 = self.reserved.values().fold(0, |sum, size| sum.saturating_add(*size));
        let known = self.kept.contains_key(digest) || self.reserved.contains_key(digest);
        if known || on_their_way.saturating_add(size) > self.limit {
            return Room::None;
        }
        match self.order.first_key_value() {
            Some((_, oldest)) if self.used.saturating_add(size) > self.limit => Room::Without(oldest.clone()),
            _ => {
                self.used = self.used.saturating_add(size);
                self.reserved.insert(digest.clone(), size);
                Room::Made
            }
        }
    }

    /// What was on its way in is there.
    pub(super) fn keep(&mut self, digest: &Digest) {
        if let Some(size) = self.reserved.remove(digest) {
            self.used = self.used.saturating_sub(size);
            self.add(digest.clone(), size);
        }
    }

    /// What was on its way in does not come, unless it is there.
    pub(super) fn release(&mut self, digest: &Digest) {
        if let Some(size) = self.reserved.remove(digest) {
            self.used = self.used.saturating_sub(size);
        }
    }

    /// What has to go for the rest to be within the limit.
    pub(super) fn surplus(&self) -> Option<Digest> {
        let oldest = self.order.first_key_value()?;
        (self.used > self.limit).then(|| oldest.1.clone())
    }

    pub(super) const fn used(&self) -> u64 {
        self.used
    }
}

#[cfg(test)]
mod tests;
