//! The files of a layout. Everything here blocks.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, DocumentType, LayoutHeader, MediaType, Tag};

use super::index::LayoutIndex;
use super::manifest::parse_stored_manifest;
use crate::client::hash_file;
use crate::partial_file::{PartialFile, failed, sync_folder};
use crate::proto::HostProfile;
use crate::{Error, ErrorKind};

pub(super) struct Files {
    root: PathBuf,
}

impl Files {
    pub(super) fn open(root: PathBuf) -> Result<Self, Error> {
        let files = Self { root };
        let path = files.root.join(LayoutHeader::FILE_NAME);
        let header = read_limited(&path).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                let root = files.root.display();
                return Error::new(
                    ErrorKind::NotFound,
                    format!("{root} is no OCI layout: it has no `oci-layout` file"),
                );
            }
            unreadable(&path, error)
        })?;
        let header = parse::<LayoutHeader>(&path, header, MediaType::LAYOUT_HEADER)?.into_value();
        if !header.is_supported() {
            let (path, supported) = (path.display(), LayoutHeader::VERSION);
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("{path} is not of version {supported}"),
            ));
        }
        Ok(files)
    }

    pub(super) fn create(root: PathBuf) -> Result<Self, Error> {
        let blobs = root.join(BLOBS).join("sha256");
        fs::create_dir_all(&blobs).map_err(|error| failed("create", &blobs, error))?;
        let files = Self { root: root.clone() };
        // Others may be creating the same layout: whoever comes first wins, and what was entered since then stays.
        let index = files.index_bytes(&LayoutIndex::new())?;
        files.write_if_absent(LayoutIndex::FILE_NAME, &index)?;
        let header = Document::from_value(LayoutHeader::default()).map_err(|error| malformed(&root, error))?;
        files.write_if_absent(LayoutHeader::FILE_NAME, header.bytes())?;
        Self::open(root)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn read_index(&self) -> Result<LayoutIndex, Error> {
        let path = self.root.join(LayoutIndex::FILE_NAME);
        let bytes = read_limited(&path).map_err(|error| unreadable(&path, error))?;
        LayoutIndex::parse(bytes).map_err(|error| malformed(&path, error))
    }

    pub(super) fn read_manifest(&self, digest: &Digest) -> Result<Document<AnyManifest>, Error> {
        let path = self.blob_path(digest)?;
        let bytes = read_limited(&path).map_err(|error| missing_or("manifest", digest, &path, error))?;
        parse_stored_manifest(bytes, digest)
    }

    /// The path of a blob that is there and has the right size.
    pub(super) fn find_blob(&self, descriptor: &Descriptor) -> Result<PathBuf, Error> {
        let digest = &descriptor.digest;
        let path = self.blob_path(digest)?;
        let metadata = fs::symlink_metadata(&path).map_err(|error| missing_or("blob", digest, &path, error))?;
        check_regular(&metadata).map_err(|error| unreadable(&path, error))?;
        let (size, found) = (descriptor.size, metadata.len());
        if size != found {
            let message = format!(
                "the blob {digest} in {} has {found} bytes instead of {size}",
                self.root.display()
            );
            return Err(Error::new(ErrorKind::Mismatch, message));
        }
        Ok(path)
    }

    /// Where to write a blob; `None` if it is there already, with the right content. Reading a file again is cheaper than fetching it, and a
    /// damaged one must not pass for the blob.
    pub(super) fn place_for_blob(&self, descriptor: &Descriptor, now: SystemTime) -> Result<Option<PathBuf>, Error> {
        let path = self.blob_path(&descriptor.digest)?;
        if !self.has_blob(descriptor) {
            return Ok(Some(path));
        }
        // What is about to be entered must not look like something left behind.
        let renewed = File::open(&path).and_then(|file| file.set_modified(now));
        renewed.map_err(|error| failed("renew", &path, error))?;
        Ok(None)
    }

    /// Whether a blob is there with the right content.
    pub(super) fn has_blob(&self, descriptor: &Descriptor) -> bool {
        let found = self.find_blob(descriptor).ok();
        let hashed = found.and_then(|path| hash_file(&path, &descriptor.digest.algorithm()).ok());
        hashed.is_some_and(|(digest, _)| digest == descriptor.digest)
    }

    /// Writes a manifest as the blob that it is.
    pub(super) fn write_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        replace(self.blob_path(document.digest())?, document.bytes())
    }

    /// Enters a manifest into `index.json`. The names of blobs, whoever has written them, are on disk before it.
    pub(super) fn enter(&self, entry: Descriptor, tag: Option<&Tag>) -> Result<(), Error> {
        self.sync_blobs()?;
        self.change(|index| {
            index.put(entry, tag);
            Ok(())
        })
    }

    /// Changes `index.json`, read anew and replaced under the lock; as it was if `change` fails.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut LayoutIndex) -> Result<T, Error>) -> Result<T, Error> {
        let locked = self.lock()?;
        let mut index = self.read_index()?;
        let before = index.clone();
        let result = change(&mut index)?;
        if index == before {
            return Ok(result);
        }
        replace(self.root.join(LayoutIndex::FILE_NAME), &self.index_bytes(&index)?)?;
        // Others need not wait until the name is on disk: theirs can only be there after this one.
        drop(locked);
        sync_folder(&self.root)?;
        Ok(result)
    }

    /// Makes the names of all blobs last: once for all that an entry leads to, not for each of them.
    fn sync_blobs(&self) -> Result<(), Error> {
        let blobs = self.root.join(BLOBS);
        let folders = fs::read_dir(&blobs).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        for folder in folders.map_err(|error| failed("read the folder", &blobs, error))? {
            if folder.file_type().is_ok_and(|kind| kind.is_dir()) {
                sync_folder(&folder.path())?;
            }
        }
        sync_folder(&blobs)
    }

    /// Keeps others from changing `index.json` until it is dropped, which the system does for a process that ends.
    pub(super) fn lock(&self) -> Result<File, Error> {
        let locked = File::open(self.root.join(LayoutHeader::FILE_NAME)).and_then(|file| file.lock().map(|()| file));
        locked.map_err(|error| failed("lock", &self.root, error))
    }

    fn write_if_absent(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        let path = self.root.join(name);
        if path.exists() {
            return Ok(());
        }
        let mut partial = PartialFile::create(path)?;
        partial.write(content)?;
        partial.commit_if_absent()
    }

    fn index_bytes(&self, index: &LayoutIndex) -> Result<Vec<u8>, Error> {
        index
            .to_bytes()
            .map_err(|error| malformed(&self.root.join(LayoutIndex::FILE_NAME), error))
    }

    /// `blobs/ALGORITHM/ENCODED`: only digests whose content can be verified have a place here.
    pub(super) fn blob_path(&self, digest: &Digest) -> Result<PathBuf, Error> {
        if !digest.is_verifiable() {
            let message = format!("the digest {digest} could not be verified: its algorithm is not supported");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Ok(self
            .root
            .join(BLOBS)
            .join(digest.algorithm().as_str())
            .join(digest.encoded_string()))
    }
}

/// Replaces the file at `path` as a whole. Its name is on disk once its folder is.
fn replace(path: PathBuf, content: &[u8]) -> Result<(), Error> {
    let mut partial = PartialFile::create(path)?;
    partial.write(content)?;
    partial.rename()
}

fn parse<T: DocumentType>(path: &Path, bytes: Vec<u8>, media_type: MediaType) -> Result<Document<T>, Error> {
    Document::parse(bytes, media_type).map_err(|error| malformed(path, error))
}

/// Reads a document, but no more of it than any document may have.
fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    check_regular(&fs::symlink_metadata(path)?)?;
    let mut bytes = Vec::new();
    let limit = HostProfile::MANIFEST_LIMIT as u64;
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {limit} bytes"),
        ));
    }
    Ok(bytes)
}

fn missing_or(what: &str, digest: &Digest, path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        return Error::new(ErrorKind::NotFound, format!("the layout has no {what} {digest}"));
    }
    unreadable(path, error)
}

/// Links lead out of the layout, and devices and pipes have no end or never begin.
fn check_regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidInput => malformed(path, error),
        _ => failed("read", path, error),
    }
}

fn malformed(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Invalid, format!("{} cannot be used", path.display())).with_source(error)
}

pub(super) const BLOBS: &str = "blobs";

#[cfg(all(test, unix))]
mod tests;
