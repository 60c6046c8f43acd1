use std::collections::BTreeMap;

use super::sparse::Segment;

/// What an archive says of one file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) device: (i64, i64),
    pub(crate) gid: i64,
    pub(crate) kind: EntryKind,
    pub(crate) link: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) mtime: Timestamp,
    pub(crate) path: Vec<u8>,
    /// Bytes of content, holes included; 0 for what has no content.
    pub(crate) size: u64,
    /// The parts of a sparse file that the archive holds, in order; `None` for any other file.
    pub(crate) sparse: Option<Vec<Segment>>,
    pub(crate) uid: i64,
    pub(crate) xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What kind of file an entry is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EntryKind {
    BlockDevice,
    CharDevice,
    Directory,
    Fifo,
    File,
    Hardlink,
    Symlink,
}

/// A time: seconds since 1970 and nanoseconds after them.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Timestamp {
    pub(crate) seconds: i64,
    pub(crate) nanos: u32,
}
