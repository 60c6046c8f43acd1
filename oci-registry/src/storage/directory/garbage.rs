use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use oci_spec_types::{Algorithm, Digest, RepositoryName};

use super::super::{Kept, KeptKind, Page, Reclaimed};
use super::files::{self, At};
use super::paths::{self, BLOBS};
use super::store::Store;

impl Store {
    pub(super) fn refresh(&self, repository: &RepositoryName, kind: KeptKind, digest: &Digest) -> io::Result<bool> {
        match kind {
            KeptKind::Blob => self.refresh_blob(repository, digest),
            KeptKind::Manifest => {
                let _change = self.change(repository);
                files::touch(&self.repository(repository).manifest(digest))
            }
        }
    }

    pub(super) fn kept(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        after: Option<&Digest>,
        size: usize,
    ) -> io::Result<Page<Kept>> {
        let path = self.repository(repository);
        let directory = match kind {
            KeptKind::Blob => path.blobs(),
            KeptKind::Manifest => path.manifests(),
        };
        let mut digests = digests(&directory)?;
        digests.retain(|digest| after.is_none_or(|after| digest > after));
        digests.sort_unstable();
        let mut kept = Vec::new();
        for digest in digests {
            if kept.len() == size {
                return Ok(Page::new(kept, true));
            }
            kept.extend(match kind {
                KeptKind::Blob => self.kept_blob(&path.blob(&digest), digest)?,
                KeptKind::Manifest => self.kept_manifest(repository, &path.manifest(&digest), digest)?,
            });
        }
        Ok(Page::new(kept, false))
    }

    pub(super) fn sweep(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> io::Result<bool> {
        match kind {
            KeptKind::Blob => self.sweep_blob(repository, digest, before),
            KeptKind::Manifest => self.sweep_manifest(repository, digest, before),
        }
    }

    /// A link made while the repositories are being read may not be seen; but it has made the bytes younger than now.
    pub(super) fn reclaim(&self, before: SystemTime, dry_run: bool) -> io::Result<Reclaimed> {
        let before = before.min(SystemTime::now());
        let linked = Linked::of(self)?;
        let (mut blobs, mut bytes) = (0, 0);
        for digest in digests(&self.root().join(BLOBS))? {
            if linked.contains(&digest) {
                continue;
            }
            let freed = if dry_run {
                old_bytes(&paths::blob(self.root(), &digest), before)?
            } else {
                self.remove_bytes(&digest, before)?
            };
            blobs += u64::from(freed.is_some());
            bytes += freed.unwrap_or_default();
        }
        Ok(Reclaimed::new(blobs, bytes))
    }

    fn kept_blob(&self, entry: &Path, digest: Digest) -> io::Result<Option<Kept>> {
        let refreshed = files::modified(entry)?;
        let blob = paths::blob(self.root(), &digest);
        let size = files::found(fs::metadata(&blob))
            .at(&blob)?
            .map_or(0, |blob| blob.len());
        Ok(refreshed.map(|refreshed| Kept::new(digest, size, refreshed)))
    }

    fn kept_manifest(&self, repository: &RepositoryName, record: &Path, digest: Digest) -> io::Result<Option<Kept>> {
        let Some(refreshed) = files::modified(record)? else {
            return Ok(None);
        };
        let manifest = self.manifest(repository, &digest)?;
        Ok(manifest.map(|manifest| Kept::new(digest, manifest.content().len() as u64, refreshed)))
    }
}

/// The blobs that some repository has, as hashes: a collision keeps bytes until the next time, with other hashes.
struct Linked {
    hashes: HashSet<u64>,
    state: RandomState,
}

impl Linked {
    fn of(store: &Store) -> io::Result<Self> {
        let state = RandomState::new();
        let mut hashes = HashSet::new();
        for repository in store.repository_names()? {
            let linked = digests(&store.repository(&repository).blobs())?;
            hashes.extend(linked.iter().map(|digest| state.hash_one(digest)));
        }
        Ok(Self { hashes, state })
    }

    fn contains(&self, digest: &Digest) -> bool {
        self.hashes.contains(&self.state.hash_one(digest))
    }
}

/// The digests that name files below `directory`. Only content of algorithms that can be verified is ever stored.
pub(super) fn digests(directory: &Path) -> io::Result<Vec<Digest>> {
    let mut found = Vec::new();
    for algorithm in [Algorithm::BLAKE3, Algorithm::SHA256, Algorithm::SHA512] {
        let names = files::names(&directory.join(algorithm.as_str()))?;
        found.extend(
            names
                .iter()
                .filter_map(|name| format!("{algorithm}:{name}").parse::<Digest>().ok()),
        );
    }
    Ok(found)
}

/// How long a file is that was last used before `before`.
fn old_bytes(path: &Path, before: SystemTime) -> io::Result<Option<u64>> {
    if files::is_older(path, before)? {
        Ok(files::found(fs::metadata(path))
            .at(path)?
            .map(|metadata| metadata.len()))
    } else {
        Ok(None)
    }
}
