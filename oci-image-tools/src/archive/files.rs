//! The files of an archive that is open. Everything here blocks.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use oci_client_core::proto::HostProfile;
use oci_client_core::store::parse_stored_manifest;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Digest, Document, Sanitized};

use super::scan::{Found, Listing, Place, scan};

pub(super) struct Files {
    /// Opened once: another file that gets the name meanwhile has other places.
    file: Mutex<File>,
    listing: Listing,
    path: PathBuf,
}

impl Files {
    pub(super) fn open(path: PathBuf) -> Result<Self, Error> {
        let file = File::open(&path).map_err(|error| failed("open", &path, error))?;
        let mut reader = BufReader::with_capacity(HEADERS, file);
        let listing = scan(&mut reader).map_err(|error| failed("read", &path, error))?;
        Ok(Self {
            file: Mutex::new(reader.into_inner()),
            listing,
            path,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the content of a file is; links are followed.
    pub(super) fn find(&self, name: &str) -> Option<Place> {
        let mut name = name.strip_prefix("./").unwrap_or(name);
        for _ in 0..=MAX_LINKS {
            match self.listing.entries.get(name)? {
                Found::Link(target) => name = target,
                Found::Place(place) => return Some(*place),
            }
        }
        None
    }

    /// Reads a document, but no more of it than any document may have.
    pub(super) fn document(&self, name: &str) -> Result<Vec<u8>, Error> {
        let place = self.find(name).ok_or_else(|| {
            let message = format!("{} has no file `{}`", self.path.display(), Sanitized::new(name));
            Error::new(ErrorKind::NotFound, message)
        })?;
        if place.size > HostProfile::MANIFEST_LIMIT as u64 {
            let limit = HostProfile::MANIFEST_LIMIT;
            let message = format!("a document in {} has more than {limit} bytes", self.path.display());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        self.read(place, 0, place.size)
    }

    pub(super) fn manifest(&self, digest: &Digest) -> Result<Document<AnyManifest>, Error> {
        parse_stored_manifest(self.document(&blob_name(digest))?, digest)
    }

    /// `len` bytes of what is at `place`, from `offset` on. Both have to be within it.
    pub(super) fn read(&self, place: Place, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file
            .seek(SeekFrom::Start(place.start.saturating_add(offset)))
            .and_then(|_| (&mut *file).take(len).read_to_end(&mut content));
        drop(file);
        match read {
            Ok(_) if content.len() as u64 == len => Ok(content),
            Ok(_) => Err(failed("read", &self.path, io::ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(failed("read", &self.path, error)),
        }
    }
}

/// Where layouts keep a blob.
pub(super) fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().as_str(), digest.encoded_string())
}

pub(super) fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::FileTooLarge => ErrorKind::TooLarge,
        io::ErrorKind::InvalidData => ErrorKind::Invalid,
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::Unsupported => ErrorKind::Unsupported,
        _ => ErrorKind::Store,
    };
    Error::new(kind, format!("cannot {what} {}", path.display())).with_source(error)
}

/// How much is read ahead for the next header: entries are far apart.
const HEADERS: usize = 4096;

/// How many links lead to a file at most.
const MAX_LINKS: usize = 8;
