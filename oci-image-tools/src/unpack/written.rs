use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use rustix::fs::Stat;

/// The names that the current layer has given, each as a hash, so that long ones take no more than short ones.
///
/// A name is known by the directory that it is in and not by what it stands for, which may have a name of the layer below, too.
#[derive(Default)]
pub(super) struct Written {
    hashers: (RandomState, RandomState),
    /// The directories in which there is nothing of the layers below any more. One whose number comes again is the layer's own, and so is all that is in it.
    hidden: HashSet<(u64, u64)>,
    names: HashSet<(u64, u64)>,
}

impl Written {
    pub(super) fn clear(&mut self) {
        self.hidden.clear();
        self.names.clear();
    }

    /// Whether what is in this directory is hidden for the first time: nothing is left to hide there after that, however often the layer says so.
    pub(super) fn hide(&mut self, directory: &Stat) -> bool {
        self.hidden.insert((directory.st_dev, directory.st_ino))
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
