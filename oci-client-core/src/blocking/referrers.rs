use oci_spec_types::{Descriptor, MediaType};

use super::clock::Waiter;
use super::listing::Listing;
use crate::Error;
use crate::client;

/// The manifests that refer to another, one after the other, fetched a page at a time as they are asked for.
///
/// Every entry is the registry's word: [`Repository::referrer`](super::Repository::referrer) fetches and checks one. Where a page cannot be had, the iterator gives the
/// error and ends: a part is never taken for the whole.
#[derive(Debug)]
pub struct Referrers {
    inner: client::Referrers,
    listing: Listing<Descriptor>,
    waiter: Waiter,
}

impl Referrers {
    pub(super) fn new(inner: client::Referrers, waiter: Waiter) -> Self {
        let listing = Listing::default();
        Self { inner, listing, waiter }
    }

    /// Only those of this artifact type, sorted out here where the registry does not do so. Begins the list anew.
    #[must_use]
    pub fn artifact_type(self, artifact_type: MediaType) -> Self {
        Self::new(self.inner.artifact_type(artifact_type), self.waiter)
    }

    /// The referrers that are left of the page at hand, or those of the next one, which may have none; `None` after the last one.
    ///
    /// # Errors
    /// If the registry cannot be asked, refuses, or the list does not end: see [`Pages::turn`](crate::proto::Pages::turn). A refusal never counts as an empty list.
    /// The next call asks for the same page again.
    pub fn page(&mut self) -> Result<Option<Vec<Descriptor>>, Error> {
        self.listing.page(|| self.waiter.perform(self.inner.page()))
    }

    /// All referrers that are left; none if there are none.
    ///
    /// # Errors
    /// As [`page`](Self::page); what had come before the error is lost, so that a part is never taken for the whole.
    pub fn all(self) -> Result<Vec<Descriptor>, Error> {
        self.collect()
    }
}

impl Iterator for Referrers {
    type Item = Result<Descriptor, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.listing.next(|| self.waiter.perform(self.inner.page()))
    }
}
