mod artifact;
mod directories;
mod files;

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use oci_client_core::{Error, ErrorKind};

use self::directories::{Late, open_root};
use super::options::{SpecialFiles, UnpackOptions};
use super::removal::{is_directory, look, remove, remove_children};
use super::report::{Report, SkipReason};
use super::staging::Staging;
use super::trouble::{ATTRIBUTES, failed};
use super::written::Written;
use crate::layer_stream::{LayerStream, at};
use crate::path::{Place, components};
use crate::tar_stream::{Entry, EntryKind};

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
        let (root, late) = open_root(&staging).map_err(|error| failed("the root cannot be made", error))?;
        Ok(Self {
            buffer: vec![0; BUFFER],
            directories: BTreeMap::from([(Vec::new(), late)]),
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
                    Some(directory) => remove_children(directory.as_fd(), Some(&mut self.written)),
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
                    Some(directory) => remove(directory.as_fd(), name, Some(&mut self.written)),
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
                    let message = "it is a device or a pipe, and these are refused";
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
}

fn clear(parent: BorrowedFd<'_>, name: &[u8]) -> Result<(), Error> {
    remove(parent, name, None).map_err(|error| failed("what it replaces cannot be removed", error))
}

fn depth_of(path: &[u8]) -> usize {
    path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).count()
}

const BUFFER: usize = 128 << 10;

const HIDDEN: &str = "what it hides cannot be removed";
