use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oci_spec_types::{RepositoryName, Tag};

/// The sorted tags of the repository that was listed last, so that whoever pages through a long list has its directory read
/// and sorted once, not for every page.
#[derive(Default)]
pub(super) struct LastListing {
    listing: Mutex<Option<Listing>>,
}

struct Listing {
    /// The repository's number of changes from before its directory was read.
    changes: u64,
    repository: RepositoryName,
    tags: Arc<[Tag]>,
}

impl LastListing {
    /// The tags of `repository`, if they are known and `changes` says that they have not changed since.
    pub(super) fn find(&self, repository: &RepositoryName, changes: u64) -> Option<Arc<[Tag]>> {
        let listing = self.lock();
        let listing = listing
            .as_ref()
            .filter(|listing| listing.changes == changes && listing.repository == *repository);
        listing.map(|listing| Arc::clone(&listing.tags))
    }

    pub(super) fn keep(&self, repository: RepositoryName, changes: u64, tags: Arc<[Tag]>) {
        *self.lock() = Some(Listing {
            changes,
            repository,
            tags,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Listing>> {
        self.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
