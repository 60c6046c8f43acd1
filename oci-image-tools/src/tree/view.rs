use super::node::Node;
use crate::path::is_whiteout;
use crate::tar_stream::EntryKind;

/// A file of a [`Tree`](super::Tree).
#[derive(Clone, Debug)]
pub struct FileView<'a> {
    node: &'a Node,
    path: Vec<u8>,
}

/// What kind of file it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum FileKind {
    /// A block device.
    BlockDevice,
    /// A character device.
    CharDevice,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A regular file.
    File,
    /// A further name of a file in a layer below; only in a layer [by itself](super::Tree::read_layer).
    Hardlink,
    /// A symbolic link.
    Symlink,
    /// The mark that hides a file of the layers below, or all that they have in a directory; only in a layer [by itself](super::Tree::read_layer).
    Whiteout,
}

impl<'a> FileView<'a> {
    pub(super) const fn new(path: Vec<u8>, node: &'a Node) -> Self {
        Self { node, path }
    }

    /// The path below the root, without a leading `/`, or as it was asked for.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// What kind of file it is.
    pub fn kind(&self) -> FileKind {
        let name = self.path.rsplit(|byte| *byte == b'/').next();
        match self.node.kind {
            EntryKind::File if name.is_some_and(is_whiteout) => FileKind::Whiteout,
            EntryKind::BlockDevice => FileKind::BlockDevice,
            EntryKind::CharDevice => FileKind::CharDevice,
            EntryKind::Directory => FileKind::Directory,
            EntryKind::Fifo => FileKind::Fifo,
            EntryKind::File => FileKind::File,
            EntryKind::Hardlink => FileKind::Hardlink,
            EntryKind::Symlink => FileKind::Symlink,
        }
    }

    /// The lower twelve bits of the mode: permissions, setuid, setgid and sticky.
    pub const fn mode(&self) -> u32 {
        self.node.mode
    }

    /// The user ID as the archive has it; it may be one that no system knows.
    pub const fn uid(&self) -> i64 {
        self.node.uid
    }

    /// The group ID as the archive has it.
    pub const fn gid(&self) -> i64 {
        self.node.gid
    }

    /// The size in bytes of a regular file, holes included; 0 for others.
    pub const fn size(&self) -> u64 {
        self.node.size
    }

    /// When it was last modified: seconds since 1970, and nanoseconds after them.
    pub const fn modified(&self) -> (i64, u32) {
        (self.node.mtime.seconds, self.node.mtime.nanos)
    }

    /// What a symbolic link, or a hard link out of the layer, points to; empty for others.
    pub fn link_target(&self) -> &[u8] {
        &self.node.link
    }

    /// Major and minor number of a device; 0 for others.
    pub const fn device(&self) -> (i64, i64) {
        self.node.device
    }

    /// The extended attributes, by name.
    pub fn xattrs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.node
            .xattrs
            .iter()
            .map(|(name, value)| (name.as_slice(), value.as_slice()))
    }
}
