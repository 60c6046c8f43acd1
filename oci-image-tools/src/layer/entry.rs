use std::path::PathBuf;

use bytes::Bytes;

/// What an archive is to say of a path.
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) metadata: Metadata,
    /// Where it lies on disk, if it does.
    pub(super) source: Option<PathBuf>,
}

impl Entry {
    /// One that is made up: of root, without a time of its own.
    pub(super) const fn new(kind: Kind, mode: u32) -> Self {
        let metadata = Metadata {
            gid: 0,
            mode,
            mtime: 0,
            uid: 0,
        };
        Self {
            kind,
            metadata,
            source: None,
        }
    }
}

pub(super) enum Kind {
    Bytes(Bytes),
    Device(Device),
    Directory,
    /// A file on disk, of this size; with its identity, if it has other names as well.
    File {
        size: u64,
        identity: Option<(u64, u64)>,
    },
    Symlink(Vec<u8>),
}

impl Kind {
    /// The target of a symbolic link; else nothing.
    pub(super) fn link(&self) -> &[u8] {
        match self {
            Self::Symlink(target) => target,
            _ => &[],
        }
    }

    /// Bytes of content.
    pub(super) const fn size(&self) -> u64 {
        match self {
            Self::Bytes(content) => content.len() as u64,
            Self::File { size, .. } => *size,
            _ => 0,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Device {
    Block { major: u32, minor: u32 },
    Character { major: u32, minor: u32 },
    Fifo,
}

#[derive(Clone, Copy)]
pub(super) struct Metadata {
    pub(super) gid: u32,
    pub(super) mode: u32,
    pub(super) mtime: i64,
    pub(super) uid: u32,
}
