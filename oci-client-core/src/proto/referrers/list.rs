use std::ops::ControlFlow;

use oci_spec_types::{Descriptor, Digest, ImageIndex, MediaType, RepositoryName};
use url::Url;

use super::api::{ApiPage, GetReferrers};
use super::fallback::{Content, Fallback, GetFallback};
use crate::proto::HostMemory;
use crate::proto::machine::{Input, Machine, Now, Step};
use crate::redact::RedactedUrl;
use crate::{Error, ErrorKind};

/// Gets one page of the manifests that refer to another ([spec, "Listing Referrers"], end-12).
///
/// ```text
/// Start ── GET referrers ──┬─► 200, an index ──────────────────────────────────► Done(page)
///                          └─► 400, 404, 405, 406, 501, 200 with something else
///       ─────────────────────► GET fallback tag ──┬─► 200, an index ───────────► Done(page)
///       (API known to be missing)                 └─► 404, the subject itself ─► Done(empty page)
///                                                     anything else ─► a warning, Done(empty page)
/// ```
///
/// [Without the fallback tag](Self::without_fallback) it ends where the API is not there, with an error of kind [`NotFound`](ErrorKind::NotFound).
///
/// A refusal that says something else (401, 403, 429, 5xx) is an error: it does not mean that there are none, and to take it so would hide signatures. What
/// the registry does not filter is filtered here. Whether the API is there is remembered.
///
/// [spec, "Listing Referrers"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
#[derive(Debug)]
pub struct ListReferrers {
    api_only: bool,
    artifact_type: Option<MediaType>,
    name: RepositoryName,
    next: Option<RedactedUrl>,
    state: State,
    subject: Digest,
}

impl ListReferrers {
    /// Gets the first page of what refers to `subject` in the repository `name`: of everything, or of one artifact type.
    pub const fn first(name: RepositoryName, subject: Digest, artifact_type: Option<MediaType>) -> Self {
        Self {
            api_only: false,
            artifact_type,
            name,
            next: None,
            state: State::Fresh,
            subject,
        }
    }

    /// Gets the page at `url`, which an earlier one of the same list named.
    pub const fn next(name: RepositoryName, subject: Digest, artifact_type: Option<MediaType>, url: Url) -> Self {
        Self {
            api_only: false,
            artifact_type,
            name,
            next: Some(RedactedUrl::new(url)),
            state: State::Fresh,
            subject,
        }
    }

    /// Leaves the fallback tag alone: the registry is a mirror, and the tag may be old there, or be missing although others have it.
    #[must_use]
    pub const fn without_fallback(mut self) -> Self {
        self.api_only = true;
        self
    }

    fn start(&mut self, host: &mut HostMemory, now: Now) -> Step<ReferrerPage> {
        let get = match self.next.take() {
            Some(url) => GetReferrers::at(host, url.into_url()),
            None if host.capabilities.referrers.known(now) == Some(false) => return self.fall_back(host),
            None => GetReferrers::first(host, &self.name, &self.subject, self.artifact_type.as_ref()),
        };
        self.ask(get, host, now, Input::Start)
    }

    fn ask(&mut self, mut get: GetReferrers, host: &mut HostMemory, now: Now, input: Input) -> Step<ReferrerPage> {
        match get.resume(host, now, input).ended() {
            ControlFlow::Continue(step) => {
                self.state = State::Asking(get);
                step
            }
            ControlFlow::Break(Ok(Some(ApiPage { filtered, index, next }))) => {
                Step::Done(Ok(self.page(index, filtered, next)))
            }
            ControlFlow::Break(Ok(None)) => self.fall_back(host),
            ControlFlow::Break(Err(error)) => Step::fail(error),
        }
    }

    fn fall_back(&mut self, host: &mut HostMemory) -> Step<ReferrerPage> {
        if self.api_only {
            let message = format!("{} lists no referrers", host.profile().host());
            return Step::fail(Error::new(ErrorKind::NotFound, message));
        }
        let get = GetFallback::new(self.name.clone(), self.subject.clone());
        self.read(get, host, Input::Start)
    }

    fn read(&mut self, mut get: GetFallback, host: &mut HostMemory, input: Input) -> Step<ReferrerPage> {
        match get.resume(host, input).ended() {
            ControlFlow::Continue(step) => {
                self.state = State::FallingBack(get);
                step
            }
            ControlFlow::Break(Ok(fallback)) => {
                let index = self.referrers_in(host, fallback);
                Step::Done(Ok(self.page(index, false, None)))
            }
            ControlFlow::Break(Err(error)) => Step::fail(error),
        }
    }

    fn referrers_in(&self, host: &mut HostMemory, fallback: Fallback) -> ImageIndex {
        let none = ImageIndex::new(Vec::new());
        match fallback {
            Fallback::Absent => none,
            Fallback::Present { content, .. } => match content {
                Content::Index(index) => *index,
                Content::Other(why) => {
                    let (registry, name, tag) = (host.profile().host(), &self.name, self.subject.fallback_tag());
                    let text = format!("{registry}/{name}:{tag} should list referrers and holds no image index: {why}");
                    host.notices.warn(text);
                    none
                }
                Content::Subject => none,
            },
        }
    }

    /// What was asked for of what came.
    fn page(&self, index: ImageIndex, filtered: bool, next: Option<Url>) -> ReferrerPage {
        let listed = index.manifests.len();
        let referrers = match self.artifact_type.as_ref().filter(|_| !filtered) {
            Some(artifact_type) => index.entries_of_type(artifact_type).cloned().collect(),
            None => index.manifests,
        };
        ReferrerPage {
            listed,
            next,
            referrers,
        }
    }
}

impl Machine for ListReferrers {
    type Output = ReferrerPage;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<ReferrerPage> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.start(host, now),
            (State::Asking(get), input) => self.ask(get, host, now, input),
            (State::FallingBack(get), input) => self.read(get, host, input),
            _ => Step::misuse(),
        }
    }
}

/// One page of referrers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ReferrerPage {
    /// How many entries the page had before it was filtered here.
    pub listed: usize,
    /// Where the next page is; `None`: this was the last.
    pub next: Option<Url>,
    /// The manifests that refer to the subject, by the registry's word: what they are and to what they refer is sure only once they are fetched.
    pub referrers: Vec<Descriptor>,
}

#[derive(Debug)]
enum State {
    Asking(GetReferrers),
    Ended,
    FallingBack(GetFallback),
    Fresh,
}

#[cfg(test)]
mod tests;
