//! What is on disk, as entries. Nothing here follows a symbolic link.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use oci_client_core::{Error, ErrorKind};

use super::entry::{Entry, Kind};
use super::file_data::unreadable;
use super::metadata::{self, Found};
use super::{LayerOptions, Owners, SkippedFile, path};

/// The entries of a layer in the order of their paths.
pub(super) struct Tree<'a> {
    entries: BTreeMap<Vec<u8>, Entry>,
    name_bytes: u64,
    options: &'a LayerOptions,
    skipped: Vec<SkippedFile>,
}

/// What is to be written.
pub(super) struct Collected {
    pub(super) entries: BTreeMap<Vec<u8>, Entry>,
    pub(super) skipped: Vec<SkippedFile>,
}

impl<'a> Tree<'a> {
    pub(super) const fn new(options: &'a LayerOptions) -> Self {
        Self {
            entries: BTreeMap::new(),
            name_bytes: 0,
            options,
            skipped: Vec::new(),
        }
    }

    /// Adds an entry, or replaces the one of this path.
    pub(super) fn insert(&mut self, path: Vec<u8>, mut entry: Entry) -> Result<(), Error> {
        let options = self.options;
        path::check(&path, &options.limits)?;
        path::check(entry.kind.link(), &options.limits)?;
        let metadata = &mut entry.metadata;
        metadata.mtime = options.times.of(metadata.mtime);
        if let Owners::Fixed { gid, uid } = options.owners {
            (metadata.gid, metadata.uid) = (gid, uid);
        }
        if !options.modes && !matches!(entry.kind, Kind::Symlink(_)) {
            let runs = matches!(entry.kind, Kind::Directory) || metadata.mode & 0o111 != 0;
            metadata.mode = if runs { 0o755 } else { 0o644 };
        }
        let (name, link, size) = (path.len(), entry.kind.link().len(), entry.kind.size());
        if self.entries.insert(path, entry).is_none() {
            self.name_bytes = self.name_bytes.saturating_add(name.saturating_add(link) as u64);
        }
        let limits = &options.limits;
        limit(self.entries.len() as u64, limits.entries, "entries")?;
        limit(self.name_bytes, limits.name_bytes, "bytes of names")?;
        limit(size, limits.file_size, "bytes in one file")
    }

    /// Adds a directory and all that is in it; of the root itself nothing is told.
    pub(super) fn directory(&mut self, source: &Path, destination: &[u8]) -> Result<(), Error> {
        let found = fs::metadata(source).map_err(|error| unreadable(source, error))?;
        if !found.is_dir() {
            let message = format!("{} is no directory", source.display());
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if !destination.is_empty() {
            self.found(source.to_owned(), destination.to_vec(), &found)?;
        }
        let mut folders = vec![(source.to_owned(), destination.to_vec())];
        while let Some((folder, above)) = folders.pop() {
            for file in fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))? {
                let file = file.map_err(|error| unreadable(&folder, error))?;
                let mut path = above.clone();
                path::push(&mut path, &metadata::name_bytes(&file.file_name())?, self.options)?;
                let found = file.metadata().map_err(|error| unreadable(&file.path(), error))?;
                if found.is_dir() {
                    folders.push((file.path(), path.clone()));
                }
                self.found(file.path(), path, &found)?;
            }
        }
        Ok(())
    }

    /// Adds one file, or a link as the link that it is.
    pub(super) fn file(&mut self, source: &Path, destination: &[u8]) -> Result<(), Error> {
        let found = fs::symlink_metadata(source).map_err(|error| unreadable(source, error))?;
        if found.is_dir() {
            let message = format!("{} is a directory; add it as one", source.display());
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        self.found(source.to_owned(), destination.to_vec(), &found)
    }

    /// The entries, none of them below one that is no directory, and what was left out.
    pub(super) fn finish(mut self) -> Result<Collected, Error> {
        for path in self.entries.keys() {
            let slashes = path.iter().enumerate().filter(|&(_, &byte)| byte == b'/');
            let folders = slashes.filter_map(|(slash, _)| path.get(..slash));
            for folder in folders {
                let entry = self.entries.get(folder);
                if entry.is_some_and(|entry| !matches!(entry.kind, Kind::Directory)) {
                    let folder = String::from_utf8_lossy(folder);
                    let reason = format!("{folder:?} is there too and is no directory");
                    return Err(path::invalid(&String::from_utf8_lossy(path), &reason));
                }
            }
        }
        self.skipped.sort_by(|left, right| left.path().cmp(right.path()));
        Ok(Collected {
            entries: self.entries,
            skipped: self.skipped,
        })
    }

    fn found(&mut self, source: PathBuf, path: Vec<u8>, found: &fs::Metadata) -> Result<(), Error> {
        match metadata::of(&source, found).map_err(|error| unreadable(&source, error))? {
            Found::Socket => {
                self.skipped.push(SkippedFile::new(source));
                Ok(())
            }
            Found::Entry {
                kind: Kind::Device(_), ..
            } if !self.options.devices => {
                let message = format!(
                    "{} is a device or a named pipe; layers take them only `with_devices`",
                    source.display()
                );
                Err(Error::new(ErrorKind::Invalid, message))
            }
            Found::Entry { mut kind, metadata } => {
                if let (Kind::File { identity, .. }, true) = (&mut kind, self.options.artifact) {
                    *identity = None;
                }
                let entry = Entry {
                    kind,
                    metadata,
                    source: Some(source),
                };
                self.insert(path, entry)
            }
        }
    }
}

fn limit(used: u64, limit: u64, what: &str) -> Result<(), Error> {
    if used <= limit {
        return Ok(());
    }
    let message = format!("the layer has more than {limit} {what}; its limits may be raised");
    Err(Error::new(ErrorKind::TooLarge, message))
}
