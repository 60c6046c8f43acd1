//! What a cache has, how much of it there is, and what goes next.

use std::collections::{BTreeMap, HashMap};

use oci_spec_types::Digest;

pub(super) struct Ledger {
    kept: HashMap<Digest, Kept>,
    limit: u64,
    order: BTreeMap<u64, Digest>,
    /// What is on its way in, with its size.
    reserved: HashMap<Digest, u64>,
    /// Counts the uses.
    uses: u64,
    used: u64,
}

struct Kept {
    since: u64,
    size: u64,
    /// When it was used last.
    used: u64,
}

/// Something that was there. It may have gone since, and have come again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Seen {
    pub(super) digest: Digest,
    since: u64,
}

/// What came of asking for room.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Room {
    /// It is reserved.
    Made,
    /// It is not to be kept.
    None,
    /// It will be enough once this is gone; then it has to be asked for again.
    Without(Seen),
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
        self.remove(&digest);
        self.used = self.used.saturating_add(size);
        self.uses = self.uses.saturating_add(1);
        let (since, used) = (self.uses, self.uses);
        self.order.insert(used, digest.clone());
        self.kept.insert(digest, Kept { since, size, used });
    }

    /// What is there, which is used now.
    pub(super) fn touch(&mut self, digest: &Digest) -> Option<Seen> {
        let kept = self.kept.get_mut(digest)?;
        self.uses = self.uses.saturating_add(1);
        self.order.remove(&kept.used);
        kept.used = self.uses;
        self.order.insert(self.uses, digest.clone());
        Some(Seen {
            digest: digest.clone(),
            since: kept.since,
        })
    }

    /// Whether it is still there, and has not come again meanwhile.
    pub(super) fn has(&self, seen: &Seen) -> bool {
        self.kept.get(&seen.digest).is_some_and(|kept| kept.since == seen.since)
    }

    /// What was seen is gone. What came in its place is not.
    pub(super) fn forget(&mut self, seen: &Seen) {
        if self.has(seen) {
            self.remove(&seen.digest);
        }
    }

    pub(super) fn reserve(&mut self, digest: &Digest, size: u64) -> Room {
        let on_their_way: u64 = self.reserved.values().fold(0, |sum, size| sum.saturating_add(*size));
        let known = self.kept.contains_key(digest) || self.reserved.contains_key(digest);
        if known || on_their_way.saturating_add(size) > self.limit {
            return Room::None;
        }
        match self.oldest() {
            Some(oldest) if self.used.saturating_add(size) > self.limit => Room::Without(oldest),
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
    pub(super) fn surplus(&self) -> Option<Seen> {
        self.oldest().filter(|_| self.used > self.limit)
    }

    pub(super) const fn used(&self) -> u64 {
        self.used
    }

    fn oldest(&self) -> Option<Seen> {
        let (_, digest) = self.order.first_key_value()?;
        let kept = self.kept.get(digest)?;
        Some(Seen {
            digest: digest.clone(),
            since: kept.since,
        })
    }

    fn remove(&mut self, digest: &Digest) {
        if let Some(kept) = self.kept.remove(digest) {
            self.order.remove(&kept.used);
            self.used = self.used.saturating_sub(kept.size);
        }
    }
}

#[cfg(test)]
mod tests;
