use std::time::SystemTime;

use oci_spec_types::{Digest, RepositoryName};

use super::UploadId;

/// What a repository keeps under digests.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum KeptKind {
    /// A blob.
    Blob,
    /// A manifest or index.
    Manifest,
}

/// A blob or manifest of a repository, as [`Storage::kept`](super::Storage::kept) lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    digest: Digest,
    refreshed: SystemTime,
    size: u64,
}

impl Kept {
    /// Content of `size` bytes whose age began at `refreshed`.
    pub const fn new(digest: Digest, size: u64, refreshed: SystemTime) -> Self {
        Self {
            digest,
            refreshed,
            size,
        }
    }

    /// Its digest.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// When its age began.
    pub const fn refreshed(&self) -> SystemTime {
        self.refreshed
    }

    /// Its size in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }
}

/// An open upload, as [`Storage::uploads`](super::Storage::uploads) lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenUpload {
    id: UploadId,
    repository: RepositoryName,
    size: u64,
    written: SystemTime,
}

impl OpenUpload {
    /// The upload `id` of `repository` with `size` bytes, the last of which came at `written`; without any, that is when it was saved.
    pub const fn new(repository: RepositoryName, id: UploadId, size: u64, written: SystemTime) -> Self {
        Self {
            id,
            repository,
            size,
            written,
        }
    }

    /// Its id.
    pub const fn id(&self) -> UploadId {
        self.id
    }

    /// The repository that it is bound to.
    pub const fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// How many bytes it has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// When its last bytes came.
    pub const fn written(&self) -> SystemTime {
        self.written
    }
}

/// What [`Storage::reclaim`](super::Storage::reclaim) has freed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reclaimed {
    blobs: u64,
    bytes: u64,
}

impl Reclaimed {
    /// The bytes of `blobs` different blobs, which were `bytes`.
    pub const fn new(blobs: u64, bytes: u64) -> Self {
        Self { blobs, bytes }
    }

    /// How many different blobs.
    pub const fn blobs(&self) -> u64 {
        self.blobs
    }

    /// How many bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}
