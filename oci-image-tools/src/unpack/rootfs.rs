use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use oci_client_core::{Error, ErrorKind};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::attributes::{clear_xattrs, mode, owner, set_owner_and_mode, set_owner_by_name, set_xattrs, times};
use super::options::{SpecialFiles, UnpackOptions};
use super::removal::{is_directory, look, remove, remove_children};
use super::report::{Report, SkipReason};
use super::resolve::{open, open_child};
use super::staging::Staging;
use super::written::Written;
use crate::layer_stream::{LayerStream, at};
use crate::path::{Place, components};
use crate::tar_stream::{Entry, EntryKind, Timestamp};

/// A root filesystem that layers are applied to.
pub(super) struct Rootfs {
    buffer: Vec<u8>,
    /// What is set once nothing is written into the directories any more, by path.
    directories: BTreeMap<Vec<u8>, Late>,
    options: Arc<UnpackOptions>,
    report: Report,
    root: OwnedFd,
    staging: Staging,
    written: Written,
}

impl Rootfs {
    pub(super) fn create(staging: Staging, options: Arc<UnpackOptions>) -> Result<Self, Error> {
        let root = open_root(&staging).map_err(|error| failed("the root cannot be made", error))?;
        Ok(Self {
            buffer: vec![0; BUFFER],
            directories: BTreeMap::new(),
            options,
            report: Report::default(),
            root,
            staging,
            written: Written::default(),
        })
    }

    /// Applies a layer, all of whose entries `layer` gives.
    pub(super) fn apply(&mut self, layer: &mut LayerStream<'_>) -> Result<(), Error> {
        self.written.clear();
        while let Some(entry) = layer.next()? {
            self.report.entries += 1;
            self.apply_entry(&entry, layer)
                .map_err(|error| at(error, &entry.path))?;
        }
        Ok(())
    }

    /// Sets what comes last, and gives the tree its name.
    pub(super) fn finish(mut self) -> Result<Report, Error> {
        let directories = std::mem::take(&mut self.directories);
        let mut directories: Vec<_> = directories.into_iter().collect();
        // What is deep comes first: a mode may keep its owner from what is below.
        directories.sort_by_key(|(path, _)| std::cmp::Reverse(depth_of(path)));
        for (path, late) in directories {
            self.set_late(&path, late)
                .map_err(|error| at(failed(ATTRIBUTES, error), &path))?;
        }
        self.staging.commit()?;
        Ok(self.report)
    }

    fn apply_entry(&mut self, entry: &Entry, layer: &mut LayerStream<'_>) -> Result<(), Error> {
        let components = components(&entry.path, layer.depth())?;
        match Place::of(&components, entry.kind)? {
            Place::File { parent, name } => {
                let parent = self.parent(parent)?;
                self.put(parent.as_fd(), name, entry, layer)
            }
            Place::Meta => {
                self.report.skip(&entry.path, SkipReason::Meta);
                Ok(())
            }
            Place::Opaque { parent } => {
                let hidden = self.existing(parent).and_then(|directory| match directory {
                    Some(directory) => remove_children(directory.as_fd(), Some(&self.written)),
                    None => Ok(()),
                });
                hidden.map_err(|error| failed(HIDDEN, error))
            }
            Place::Root if entry.kind == EntryKind::Directory => {
                let root = self.root.try_clone()?;
                self.describe_directory(root.as_fd(), entry)
                    .map_err(|fault| fault.into_error(ATTRIBUTES))
            }
            Place::Root => Err(Error::new(
                ErrorKind::Invalid,
                "the root can be nothing but a directory",
            )),
            Place::Whiteout { parent, name } => {
                let hidden = self.existing(parent).and_then(|directory| match directory {
                    Some(directory) => remove(directory.as_fd(), name, Some(&self.written)),
                    None => Ok(()),
                });
                hidden.map_err(|error| failed(HIDDEN, error))
            }
        }
    }

    /// Makes what the entry describes, in place of what has the name.
    fn put(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &[u8],
        entry: &Entry,
        layer: &mut LayerStream<'_>,
    ) -> Result<(), Error> {
        let stat = rustix::fs::fstat(parent).map_err(|error| failed("its directory cannot be read", error))?;
        let found = look(parent, name).map_err(|error| failed("it cannot be looked at", error))?;
        match entry.kind {
            EntryKind::BlockDevice | EntryKind::CharDevice | EntryKind::Fifo => match self.options.special_files {
                SpecialFiles::Create => {}
                SpecialFiles::Refuse => {
                    let message = "it is a device or a pipe, which the options refuse";
                    return Err(Error::new(ErrorKind::Unsupported, message));
                }
                SpecialFiles::Skip => {
                    self.report.skip(&entry.path, SkipReason::SpecialFile);
                    return clear(parent, name);
                }
            },
            EntryKind::Hardlink => {
                self.hardlink(parent, name, entry, layer.depth())?;
                self.written.insert(&stat, name);
                return Ok(());
            }
            _ => {}
        }
        if entry.kind != EntryKind::Directory || !found.as_ref().is_some_and(is_directory) {
            clear(parent, name)?;
        }
        self.written.insert(&stat, name);
        let made = match entry.kind {
            EntryKind::Directory => self.directory(parent, name, entry),
            EntryKind::File => return self.file(parent, name, entry, layer),
            EntryKind::Symlink => self.symlink(parent, name, entry),
            _ => self.special(parent, name, entry),
        };
        made.map_err(|fault| fault.into_error("it cannot be made"))
    }

    fn directory(&mut self, parent: BorrowedFd<'_>, name: &[u8], entry: &Entry) -> Result<(), Trouble> {
        match rustix::fs::mkdirat(parent, name, Mode::RWXU) {
            Err(Errno::EXIST) => {}
            result => result?,
        }
        let directory = open_child(parent, name)?;
        clear_xattrs(directory.as_fd(), &self.options)?;
        self.describe_directory(directory.as_fd(), entry)
    }

    /// Sets what can be set now; time and mode might be changed, or get in the way, while there is more to come.
    fn describe_directory(&mut self, directory: BorrowedFd<'_>, entry: &Entry) -> Result<(), Trouble> {
        let owner = owner(&self.options, entry.uid, entry.gid)?;
        set_owner_and_mode(directory, owner, Mode::RWXU)?;
        set_xattrs(directory, entry, &self.options, &mut self.report)?;
        let stat = rustix::fs::fstat(directory)?;
        let late = Late {
            inode: (stat.st_dev, stat.st_ino),
            mode: mode(&self.options, entry.mode),
            time: entry.mtime,
        };
        let path = components(&entry.path, usize::MAX)?.join(&b'/');
        self.directories.insert(path, late);
        Ok(())
    }

    fn file(
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

    fn symlink(&self, parent: BorrowedFd<'_>, name: &[u8], entry: &Entry) -> Result<(), Trouble> {
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

    fn special(&self, parent: BorrowedFd<'_>, name: &[u8], entry: &Entry) -> Result<(), Trouble> {
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
    fn hardlink(&mut self, parent: BorrowedFd<'_>, name: &[u8], entry: &Entry, depth: usize) -> Result<(), Error> {
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

    /// The directory that an entry goes into; it is made where the layer does not say that it is.
    fn parent(&mut self, path: &[&[u8]]) -> Result<OwnedFd, Error> {
        let owner = owner(&self.options, 0, 0)?;
        let written = &mut self.written;
        let mut create = |parent: BorrowedFd<'_>, name: &[u8]| {
            rustix::fs::mkdirat(parent, name, Mode::RWXU)?;
            written.insert(&rustix::fs::fstat(parent)?, name);
            set_owner_and_mode(open_child(parent, name)?.as_fd(), owner, IMPLIED)
        };
        open(&self.root, path, Some(&mut create)).map_err(|error| match error {
            Errno::NOTDIR => Error::new(ErrorKind::Invalid, "it is below something that is no directory"),
            error => failed("its directory cannot be opened", error),
        })
    }

    /// The directory at `path`, if there is one.
    fn existing(&self, path: &[&[u8]]) -> Result<Option<OwnedFd>, Errno> {
        match open(&self.root, path, None) {
            Ok(directory) => Ok(Some(directory)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets what was put off, if the directory is still the one that it was meant for.
    fn set_late(&self, path: &[u8], late: Late) -> Result<(), Errno> {
        let parts: Vec<_> = path.split(|byte| *byte == b'/').collect();
        let Some(directory) = self.existing(&parts)? else {
            return Ok(());
        };
        let stat = rustix::fs::fstat(&directory)?;
        if (stat.st_dev, stat.st_ino) != late.inode {
            return Ok(());
        }
        rustix::fs::futimens(&directory, &times(late.time))?;
        rustix::fs::fchmod(&directory, late.mode)
    }
}

/// What a directory gets at the end.
#[derive(Clone, Copy)]
struct Late {
    inode: (u64, u64),
    mode: Mode,
    time: Timestamp,
}

/// What kept an entry from being made.
enum Trouble {
    Error(Error),
    System(Errno),
}

impl Trouble {
    fn into_error(self, what: &str) -> Error {
        match self {
            Self::Error(error) => error,
            Self::System(error) => failed(what, error),
        }
    }
}

impl From<Errno> for Trouble {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn open_root(staging: &Staging) -> Result<OwnedFd, Errno> {
    let path = staging.path();
    rustix::fs::mkdir(&path, Mode::RWXU)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let root = rustix::fs::open(&path, flags, Mode::empty())?;
    rustix::fs::fchmod(&root, IMPLIED)?;
    Ok(root)
}

fn clear(parent: BorrowedFd<'_>, name: &[u8]) -> Result<(), Error> {
    remove(parent, name, None).map_err(|error| failed("what it replaces cannot be removed", error))
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

fn depth_of(path: &[u8]) -> usize {
    path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).count()
}

fn failed(what: &str, error: Errno) -> Error {
    unwritten_as(what, error.into())
}

fn unwritten(error: std::io::Error) -> Error {
    unwritten_as("it cannot be written", error)
}

fn unwritten_as(what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Store, what).with_source(error)
}

const ATTRIBUTES: &str = "its attributes cannot be set";

const BUFFER: usize = 128 << 10;

const HIDDEN: &str = "what it hides cannot be removed";

/// The mode of a directory that nothing is said of.
const IMPLIED: Mode = Mode::from_raw_mode(0o755);

const MAX_MAJOR: u32 = (1 << 12) - 1;

const MAX_MINOR: u32 = (1 << 20) - 1;
