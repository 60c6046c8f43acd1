//! The directories of a root filesystem: found, made, and described once nothing is written into them any more.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use oci_client_core::{Error, ErrorKind};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::Rootfs;
use crate::path::components;
use crate::tar_stream::{Entry, Timestamp};
use crate::unpack::attributes::{clear_xattrs, mode, owner, set_owner_and_mode, set_xattrs, times};
use crate::unpack::resolve::{open, open_child};
use crate::unpack::staging::Staging;
use crate::unpack::trouble::{Trouble, failed};

impl Rootfs {
    pub(super) fn directory(&mut self, parent: BorrowedFd<'_>, name: &[u8], entry: &Entry) -> Result<(), Trouble> {
        match rustix::fs::mkdirat(parent, name, Mode::RWXU) {
            Err(Errno::EXIST) => {}
            result => result?,
        }
        let directory = open_child(parent, name)?;
        clear_xattrs(directory.as_fd(), &self.options)?;
        self.describe_directory(directory.as_fd(), entry)
    }

    /// Sets what can be set now; time and mode might be changed, or get in the way, while there is more to come.
    pub(super) fn describe_directory(&mut self, directory: BorrowedFd<'_>, entry: &Entry) -> Result<(), Trouble> {
        let owner = owner(&self.options, entry.uid, entry.gid)?;
        set_owner_and_mode(directory, owner, Mode::RWXU)?;
        set_xattrs(directory, entry, &self.options, &mut self.report)?;
        let late = Late::of(directory, mode(&self.options, entry.mode), entry.mtime)?;
        let path = components(&entry.path, usize::MAX)?.join(&b'/');
        self.directories.insert(path, late);
        Ok(())
    }

    /// The directory that an entry goes into; it is made, as root's, where the layer does not say that it is.
    pub(super) fn parent(&mut self, path: &[&[u8]]) -> Result<OwnedFd, Error> {
        let unopened = |error| match error {
            Errno::NOTDIR => Error::new(ErrorKind::Invalid, "it is below something that is no directory"),
            error => failed("its directory cannot be opened", error),
        };
        if let Some(directory) = self.existing(path).map_err(unopened)? {
            return Ok(directory);
        }
        let owner = owner(&self.options, 0, 0)?;
        let written = &mut self.written;
        let mut create = |parent: BorrowedFd<'_>, name: &[u8]| {
            rustix::fs::mkdirat(parent, name, Mode::RWXU)?;
            written.insert(&rustix::fs::fstat(parent)?, name);
            set_owner_and_mode(open_child(parent, name)?.as_fd(), owner, IMPLIED)
        };
        open(&self.root, path, Some(&mut create)).map_err(unopened)
    }

    /// The directory at `path`, if there is one.
    pub(super) fn existing(&self, path: &[&[u8]]) -> Result<Option<OwnedFd>, Errno> {
        match open(&self.root, path, None) {
            Ok(directory) => Ok(Some(directory)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets what was put off, if the directory is still the one that it was meant for.
    pub(super) fn set_late(&self, path: &[u8], late: Late) -> Result<(), Errno> {
        let parts: Vec<_> = path.split(|byte| *byte == b'/').collect();
        let Some(directory) = self.existing(&parts)? else {
            return Ok(());
        };
        if inode(directory.as_fd())? != late.inode {
            return Ok(());
        }
        rustix::fs::futimens(&directory, &times(late.time))?;
        rustix::fs::fchmod(&directory, late.mode)
    }
}

/// What a directory gets at the end.
#[derive(Clone, Copy)]
pub(super) struct Late {
    inode: (u64, u64),
    mode: Mode,
    time: Timestamp,
}

impl Late {
    fn of(directory: BorrowedFd<'_>, mode: Mode, time: Timestamp) -> Result<Self, Errno> {
        let inode = inode(directory)?;
        Ok(Self { inode, mode, time })
    }
}

/// Makes the root, with what it gets if no layer describes it.
pub(super) fn open_root(staging: &Staging) -> Result<(OwnedFd, Late), Errno> {
    let path = staging.path();
    rustix::fs::mkdir(&path, Mode::RWXU)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let root = rustix::fs::open(&path, flags, Mode::empty())?;
    rustix::fs::fchmod(&root, IMPLIED)?;
    let late = Late::of(root.as_fd(), IMPLIED, Timestamp::default())?;
    Ok((root, late))
}

fn inode(directory: BorrowedFd<'_>) -> Result<(u64, u64), Errno> {
    let stat = rustix::fs::fstat(directory)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// The mode of a directory that nothing is said of.
const IMPLIED: Mode = Mode::from_raw_mode(0o755);
