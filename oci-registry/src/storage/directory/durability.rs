use std::fs::File;
use std::io;
use std::path::Path;

use super::files::{self, At};

/// What a [`DirectoryStorage`](super::DirectoryStorage) has done by the time it answers that something is stored.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Durability {
    /// The content, its name and every directory above it are on the disk: a loss of power takes nothing of it.
    #[default]
    Full,
    /// The operating system has it: the end of the program, whatever ended it, takes nothing of it. A loss of power may take or tear
    /// what was written in the last minute or so, or be followed by a state in which later writes are there and earlier ones are not.
    /// So opening the directory after a restart of the machine reads all of it once, and puts what is torn aside. For tests, caches and
    /// content that can be pushed again.
    Relaxed,
}

impl Durability {
    /// Makes what was created, renamed or removed in a directory durable.
    pub(super) fn directory(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Full => files::sync_directory(path),
            Self::Relaxed => Ok(()),
        }
    }

    /// Makes the content of a file durable.
    pub(super) fn file(self, file: &File, path: &Path) -> io::Result<()> {
        match self {
            Self::Full => file.sync_all().at(path),
            Self::Relaxed => Ok(()),
        }
    }
}
