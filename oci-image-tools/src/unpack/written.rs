use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use rustix::fs::Stat;

/// The names that the current layer has given, each as a hash, so that long ones take no more than short ones.
///
/// A name is known by the directory that it is in and not by what it stands for, which may have a name of the layer below, too.
#[derive(Default)]
pub(super) struct Written {
    hashers: (RandomState, RandomState),
    names: HashSet<(u64, u64)>,
}

impl Written {
    pub(super) fn clear(&mut self) {
        self.names.clear();
    }

    pub(super) fn insert(&mut self, parent: &Stat, name: &[u8]) {
        self.names.insert(self.key(parent, name));
    }

    pub(super) fn contains(&self, parent: &Stat, name: &[u8]) -> bool {
        self.names.contains(&self.key(parent, name))
    }

    /// 128 bits that nobody can foresee: no two names of one layer have the same.
    fn key(&self, parent: &Stat, name: &[u8]) -> (u64, u64) {
        let key = (parent.st_dev, parent.st_ino, name);
        (self.hashers.0.hash_one(key), self.hashers.1.hash_one(key))
    }
}
