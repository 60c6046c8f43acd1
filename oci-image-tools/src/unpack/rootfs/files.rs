//! What a root filesystem holds besides directories: files, links, devices and pipes.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd};

use oci_client_core::{Error, ErrorKind};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{BUFFER, Rootfs, clear};
use crate::layer_stream::LayerStream;
use crate::path::components;
use crate::tar_stream::{Entry, EntryKind};
use crate::unpack::attributes::{mode, owner, set_owner_and_mode, set_owner_by_name, set_xattrs, times};
use crate::unpack::removal::{is_directory, look};
use crate::unpack::trouble::{ATTRIBUTES, Trouble, failed, unwritten};

impl Rootfs {
    pub(super) fn file(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &[u8],
        entry: &Entry,
        layer: &mut LayerStream<'_>,
    ) -> Result<(), Error> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(parent, name, flags, Mode::RUSR | Mode::WUSR);
        let mut file = File::from(file.map_err(|error| failed("it cannot be made", error))?);
        match &entry.sparse {
            None => self.copy(layer, &mut file, entry.size)?,
            Some(segments) => {
                for segment in segments {
                    file.seek(SeekFrom::Start(segment.offset)).map_err(unwritten)?;
                    self.copy(layer, &mut file, segment.len)?;
                }
                file.set_len(entry.size).map_err(unwritten)?;
            }
        }
        let described = self.describe_file(file.as_fd(), entry);
        described.map_err(|fault| fault.into_error(ATTRIBUTES))
    }

    pub(super) fn symlink(&self, parent: BorrowedFd<'_>, name: &[u8], entry: &Entry) -> Result<(), Trouble> {
        let owner = owner(&self.options, entry.uid, entry.gid)?;
        rustix::fs::symlinkat(entry.link.as_slice(), parent, name)?;
        set_owner_by_name(parent, name, owner)?;
        Ok(rustix::fs::utimensat(
            parent,
            name,
            &times(entry.mtime),
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    pub(super) fn special(&self, parent: BorrowedFd<'_>, name: &[u8], entry: &Entry) -> Result<(), Trouble> {
        let owner = owner(&self.options, entry.uid, entry.gid)?;
        let (kind, device) = match entry.kind {
            EntryKind::Fifo => (FileType::Fifo, 0),
            EntryKind::BlockDevice => (FileType::BlockDevice, device(entry)?),
            _ => (FileType::CharacterDevice, device(entry)?),
        };
        rustix::fs::mknodat(parent, name, kind, Mode::empty(), device)?;
        set_owner_by_name(parent, name, owner)?;
        rustix::fs::chmodat(parent, name, mode(&self.options, entry.mode), AtFlags::empty())?;
        Ok(rustix::fs::utimensat(
            parent,
            name,
            &times(entry.mtime),
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    /// Gives a file one more name. The link's own attributes are those of the file.
    pub(super) fn hardlink(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &[u8],
        entry: &Entry,
        depth: usize,
    ) -> Result<(), Error> {
        let target = components(&entry.link, depth)?;
        let missing = || Error::new(ErrorKind::Invalid, "it is a link to a file that is not there");
        let (target, above) = target.split_last().ok_or_else(missing)?;
        let directory = self
            .existing(above)
            .map_err(|error| failed("its target cannot be found", error))?;
        let directory = directory.ok_or_else(missing)?;
        let lookup = |parent, name| look(parent, name).map_err(|error| failed("its target cannot be found", error));
        let file = lookup(directory.as_fd(), target)?.ok_or_else(missing)?;
        if is_directory(&file) {
            return Err(Error::new(ErrorKind::Invalid, "it is a hard link to a directory"));
        }
        if lookup(parent, name)?.is_some_and(|found| (found.st_dev, found.st_ino) == (file.st_dev, file.st_ino)) {
            return Ok(());
        }
        clear(parent, name)?;
        rustix::fs::linkat(&directory, *target, parent, name, AtFlags::empty()).map_err(|error| match error {
            Errno::NOENT => missing(),
            error => failed("it cannot be linked", error),
        })
    }

    fn describe_file(&mut self, file: BorrowedFd<'_>, entry: &Entry) -> Result<(), Trouble> {
        let owner = owner(&self.options, entry.uid, entry.gid)?;
        // Attributes of users take the right to write, which the mode may not give, and capabilities go where the owner changes.
        set_owner_and_mode(file, owner, Mode::RUSR | Mode::WUSR)?;
        set_xattrs(file, entry, &self.options, &mut self.report)?;
        rustix::fs::fchmod(file, mode(&self.options, entry.mode))?;
        Ok(rustix::fs::futimens(file, &times(entry.mtime))?)
    }

    fn copy(&mut self, layer: &mut LayerStream<'_>, file: &mut File, len: u64) -> Result<(), Error> {
        let mut left = len;
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            let count = layer.read(self.buffer.get_mut(..want).unwrap_or_default())?;
            if count == 0 {
                break;
            }
            file.write_all(self.buffer.get(..count).unwrap_or_default())
                .map_err(unwritten)?;
            left = left.saturating_sub(count as u64);
        }
        Ok(())
    }
}

/// The number of a device; one that the system cannot have would become another device.
fn device(entry: &Entry) -> Result<u64, Error> {
    let (major, minor) = entry.device;
    let part = |number: i64, max: u32| u32::try_from(number).ok().filter(|number| *number <= max);
    match (part(major, MAX_MAJOR), part(minor, MAX_MINOR)) {
        (Some(major), Some(minor)) => Ok(rustix::fs::makedev(major, minor)),
        _ => Err(Error::new(
            ErrorKind::Invalid,
            format!("no device can have the number {major}:{minor}"),
        )),
    }
}

const MAX_MAJOR: u32 = (1 << 12) - 1;

const MAX_MINOR: u32 = (1 << 20) - 1;
