//! The directory of an artifact: names mean what they say, and links are followed by whoever looks at it, so they must not lead out.

use std::os::fd::{AsFd, BorrowedFd};

use oci_client_core::{Error, ErrorKind};
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::Rootfs;
use crate::errors::invalid;
use crate::layer_stream::{LayerStream, at};
use crate::path::components;
use crate::tar_stream::{Entry, EntryKind};
use crate::unpack::removal::{look, names};
use crate::unpack::trouble::{ATTRIBUTES, failed};

impl Rootfs {
    /// Makes what the archive has below `title`, which is all that it may have.
    pub(in crate::unpack) fn fill(&mut self, title: &[&[u8]], archive: &mut LayerStream<'_>) -> Result<(), Error> {
        while let Some(entry) = archive.next()? {
            self.report.entries += 1;
            let path = entry.path.clone();
            self.fill_entry(title, entry, archive)
                .map_err(|error| at(error, &path))?;
        }
        self.check_links()
    }

    fn fill_entry(&mut self, title: &[&[u8]], mut entry: Entry, archive: &mut LayerStream<'_>) -> Result<(), Error> {
        let depth = archive.depth();
        entry.path = below(title, &entry.path, depth)?;
        if entry.kind == EntryKind::Hardlink {
            entry.link = below(title, &entry.link, depth)?;
        }
        let parts = components(&entry.path, depth)?;
        match parts.split_last() {
            Some((name, parent)) => {
                let parent = self.parent(parent)?;
                self.put(parent.as_fd(), name, &entry, archive)
            }
            None if entry.kind == EntryKind::Directory => {
                let root = self.root.try_clone()?;
                self.describe_directory(root.as_fd(), &entry)
                    .map_err(|fault| fault.into_error(ATTRIBUTES))
            }
            None => Err(invalid("it has the name of the directory and is none")),
        }
    }

    /// Looks at each symbolic link where it came to be: as an entry has it, it may lie elsewhere.
    fn check_links(&self) -> Result<(), Error> {
        let mut open = vec![Vec::new()];
        while let Some(path) = open.pop() {
            let unread = |error| at(failed("it cannot be read", error), &path);
            let parts = components(&path, usize::MAX)?;
            let Some(directory) = self.existing(&parts).map_err(unread)? else {
                continue;
            };
            for name in names(directory.as_fd()).map_err(unread)? {
                let child = [parts.as_slice(), &[&name]].concat().join(&b'/');
                let found = look(directory.as_fd(), &name).map_err(unread)?;
                match found.map(|found| FileType::from_raw_mode(found.st_mode)) {
                    Some(FileType::Directory) => open.push(child),
                    Some(FileType::Symlink) => {
                        let target = rustix::fs::readlinkat(&directory, name.as_slice(), Vec::new());
                        let target = target.map_err(unread)?.into_bytes();
                        if !self.is_confined(&parts, &target) {
                            return Err(at(invalid("it is a link that leads out of the directory"), &child));
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Whether a link in the directory `parent`, which has no link in its path, stays below the root.
    ///
    /// Names lead down, or to another link, which is looked at by itself; so it is all about each `..`. Those at the start are counted, and what is before any
    /// other has to be there.
    fn is_confined(&self, parent: &[&[u8]], target: &[u8]) -> bool {
        if target.starts_with(b"/") {
            return false;
        }
        let parts: Vec<_> = target
            .split(|byte| *byte == b'/')
            .filter(|part| !matches!(*part, b"" | b"."))
            .collect();
        let up = parts.iter().take_while(|part| **part == b"..").count();
        match parts.iter().rposition(|part| *part == b"..") {
            Some(last) if last >= up => {
                let way: Vec<_> = parent.iter().chain(parts.iter().take(last + 1)).copied().collect();
                leads_below(self.root.as_fd(), &way.join(&b'/')).is_ok()
            }
            _ => up <= parent.len(),
        }
    }
}

/// Opens a directory on a way that never leaves `root`.
fn leads_below(root: BorrowedFd<'_>, way: &[u8]) -> Result<(), Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(root, way, flags, Mode::empty(), resolve).map(drop)
}

/// The path below the title.
fn below(title: &[&[u8]], path: &[u8], depth: usize) -> Result<Vec<u8>, Error> {
    let parts = components(path, depth.saturating_add(title.len()))?;
    match parts.strip_prefix(title) {
        Some(rest) if !path.starts_with(b"/") => Ok(rest.join(&b'/')),
        _ => {
            let message = "its path, or that of the file that it links to, is not below the title of the layer";
            Err(Error::new(ErrorKind::Invalid, message))
        }
    }
}
