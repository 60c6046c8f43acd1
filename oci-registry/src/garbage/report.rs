use oci_spec_types::{Digest, RepositoryName};

use crate::storage::{KeptKind, Reclaimed};

/// What [`Registry::collect_garbage`](crate::Registry::collect_garbage) has removed, or would remove.
#[derive(Clone, Debug, Default)]
pub struct GarbageReport {
    pub(super) reclaimed: Reclaimed,
    pub(super) removed: Vec<Removed>,
    pub(super) uploads: usize,
}

impl GarbageReport {
    /// The bytes that the storage freed because no repository has them any more. In a dry run, those that no repository has now already.
    pub const fn reclaimed(&self) -> Reclaimed {
        self.reclaimed
    }

    /// The blobs and manifests that were taken out of their repositories.
    pub fn removed(&self) -> &[Removed] {
        &self.removed
    }

    /// How many uploads had expired.
    pub const fn uploads(&self) -> usize {
        self.uploads
    }
}

/// A blob or manifest that was taken out of a repository.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Removed {
    digest: Digest,
    kind: KeptKind,
    repository: RepositoryName,
    size: u64,
}

impl Removed {
    pub(super) const fn new(repository: RepositoryName, kind: KeptKind, digest: Digest, size: u64) -> Self {
        Self {
            digest,
            kind,
            repository,
            size,
        }
    }

    /// Its digest.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether it was a blob or a manifest.
    pub const fn kind(&self) -> KeptKind {
        self.kind
    }

    /// Where it was.
    pub const fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// Its size in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }
}
