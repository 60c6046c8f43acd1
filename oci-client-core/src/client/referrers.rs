use std::ops::ControlFlow;

use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, MediaType, TagOrDigest};
use url::Url;

use super::Repository;
use super::driver::Driver;
use super::held::Turn;
use super::list::Place;
use crate::proto::{HostMemory, Input, ListReferrers, Machine, Now, Pages, ReferrerPage, Step};
use crate::{Error, ErrorKind};

impl Repository {
    /// The manifests that refer to `subject`, page by page: signatures, SBOMs and other artifacts about it. The subject itself need not be there.
    ///
    /// Where the registry has no referrers API, they are read from the list that clients keep under the fallback tag.
    ///
    /// Mirrors are asked before it where they [may be](crate::hosts::HostCapabilities::REFERRERS). All pages of a list come from one endpoint, the first that lists anything.
    pub fn referrers(&self, subject: &Digest) -> Referrers {
        Referrers {
            artifact_type: None,
            endpoint: 0,
            pages: Pages::default(),
            place: Place::First,
            repository: self.clone(),
            subject: subject.clone(),
        }
    }

    /// A manifest from the list of the referrers of `subject`: one GET, verified, and checked against what the list says of it.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest), and of kind [`Mismatch`](ErrorKind::Mismatch) if it refers to something else, or its type or size is not that of the
    /// list: anybody may have written that.
    pub async fn referrer(&self, subject: &Digest, listed: &Descriptor) -> Result<Document<AnyManifest>, Error> {
        let target = TagOrDigest::Digest(listed.digest.clone());
        let document = self.manifest(&target).await?;
        let found = document.descriptor();
        let refers_to = document.value().subject().map(|subject| &subject.digest);
        let wrong = if refers_to != Some(subject) {
            format!(
                "{} does not refer to {subject}, among whose referrers it is listed",
                listed.digest
            )
        } else if (found.size, &found.media_type) != (listed.size, &listed.media_type) {
            format!(
                "{} has {} bytes of {}, and is listed with {} bytes of {}",
                listed.digest, found.size, found.media_type, listed.size, listed.media_type
            )
        } else {
            return Ok(document);
        };
        Err(Error::new(ErrorKind::Mismatch, wrong))
    }
}

/// The manifests that refer to another, fetched a page at a time as they are asked for.
///
/// Every entry is the registry's word: [`Repository::referrer`] fetches and checks one.
#[derive(Debug)]
pub struct Referrers {
    artifact_type: Option<MediaType>,
    /// The number of the one that has given the first page.
    endpoint: usize,
    pages: Pages,
    place: Place,
    repository: Repository,
    subject: Digest,
}

impl Referrers {
    /// Only those of this artifact type, sorted out here where the registry does not do so. Begins the list anew.
    #[must_use]
    pub fn artifact_type(self, artifact_type: MediaType) -> Self {
        Self {
            artifact_type: Some(artifact_type),
            ..self.repository.referrers(&self.subject)
        }
    }

    /// The referrers of the next page, which may have none; `None` after the last one.
    ///
    /// # Errors
    /// If the registry cannot be asked, refuses, or the list does not end: see [`Pages::turn`]. A refusal never counts as an empty list. The next call asks for
    /// the same page again.
    ///
    /// # Cancellation
    /// A page whose future was dropped is fetched again by the next call.
    pub async fn page(&mut self) -> Result<Option<Vec<Descriptor>>, Error> {
        let driver = match &self.place {
            Place::End => return Ok(None),
            Place::First => self.first(),
            Place::Page(url) => self.next(url.clone()),
        };
        let (endpoint, page) = driver.run().await?;
        self.endpoint = endpoint;
        self.pages.turn(page.listed, page.next.as_ref())?;
        self.place = page.next.into();
        Ok(Some(page.referrers))
    }

    /// The first page, of the first endpoint that lists anything.
    fn first(&self) -> Driver<AtEndpoint> {
        let (subject, artifact_type) = (self.subject.clone(), self.artifact_type.clone());
        let route = self.repository.route().clone();
        let failover = route.failover_for_referrers(self.repository.shared().runtime.now());
        let make = move |Turn { name, number, .. }: Turn| {
            let list = ListReferrers::first(name, subject.clone(), artifact_type.clone());
            let list = match route.has_lists(number) {
                true => list,
                false => list.without_fallback(),
            };
            AtEndpoint { list, number }
        };
        // A first page that is empty may have more behind it, and an endpoint that is known to have everything is there to be asked.
        self.repository
            .reading_in_turn(OPERATION, failover, make, |(_, page)| page.referrers.is_empty())
    }

    /// A page that an earlier one named, of the same endpoint: another counts its pages in another way.
    fn next(&self, url: Url) -> Driver<AtEndpoint> {
        let (subject, artifact_type, number) = (self.subject.clone(), self.artifact_type.clone(), self.endpoint);
        self.repository.driver_at(number, OPERATION, |name| {
            let list = ListReferrers::next(name, subject, artifact_type, url);
            AtEndpoint { list, number }
        })
    }

    /// All referrers; none if there are none.
    ///
    /// # Errors
    /// As [`page`](Self::page); what had come before the error is lost, so that a part is never taken for the whole.
    pub async fn all(mut self) -> Result<Vec<Descriptor>, Error> {
        let mut all = Vec::new();
        while let Some(referrers) = self.page().await? {
            all.extend(referrers);
        }
        Ok(all)
    }

    /// The referrers one by one.
    pub fn into_stream(self) -> BoxStream<'static, Result<Descriptor, Error>> {
        let pages = stream::try_unfold(self, |mut referrers| async move {
            Ok::<_, Error>(referrers.page().await?.map(|page| (page, referrers)))
        });
        pages.map_ok(|page| stream::iter(page).map(Ok)).try_flatten().boxed()
    }
}

/// A list of referrers that says which endpoint it comes from.
struct AtEndpoint {
    list: ListReferrers,
    number: usize,
}

impl Machine for AtEndpoint {
    type Output = (usize, ReferrerPage);

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<Self::Output> {
        match self.list.resume(host, now, input).ended() {
            ControlFlow::Continue(step) => step,
            ControlFlow::Break(page) => Step::Done(page.map(|page| (self.number, page))),
        }
    }
}

const OPERATION: &str = "list referrers";
