use oci_spec_types::Tag;

use super::clock::Waiter;
use super::listing::Listing;
use crate::Error;
use crate::client;

/// The tags of a repository, one after the other, fetched a page at a time as they are asked for.
///
/// Where a page cannot be had, the iterator gives the error and ends: a part is never taken for the whole.
#[derive(Debug)]
pub struct Tags {
    inner: client::Tags,
    listing: Listing<Tag>,
    waiter: Waiter,
}

impl Tags {
    pub(super) fn new(inner: client::Tags, waiter: Waiter) -> Self {
        let listing = Listing::default();
        Self { inner, listing, waiter }
    }

    /// The tags that are left of the page at hand, or those of the next one; `None` after the last one. What a registry lists besides tags is left out.
    ///
    /// # Errors
    /// If the registry cannot be asked, or the list does not end: see [`Pages::turn`](crate::proto::Pages::turn). The next call asks for the same page again.
    pub fn page(&mut self) -> Result<Option<Vec<Tag>>, Error> {
        self.listing.page(|| self.waiter.perform(self.inner.page()))
    }

    /// All tags that are left.
    ///
    /// # Errors
    /// As [`page`](Self::page); what had come before the error is lost, so that a part is never taken for the whole.
    pub fn all(self) -> Result<Vec<Tag>, Error> {
        self.collect()
    }
}

impl Iterator for Tags {
    type Item = Result<Tag, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.listing.next(|| self.waiter.perform(self.inner.page()))
    }
}
