use std::collections::HashSet;

use http::{Method, StatusCode};
use oci_spec_types::distribution::TagList;
use oci_spec_types::{RepositoryName, Tag};
use url::Url;

use super::HostMemory;
use super::endpoint;
use super::headers::next_link;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::unexpected;
use crate::redact::RedactedUrl;
use crate::{Error, ErrorKind};

/// Gets one page of a repository's tags ([spec, "Listing Tags"], end-8).
///
/// ```text
/// Start ── GET ──► Head 200 ── Buffer ──► Body ──► Done(page)
/// ```
///
/// The next page is where the registry's `Link` says, and nowhere else: [`Pages`] follows it.
///
/// [spec, "Listing Tags"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
#[derive(Debug)]
pub struct ListTags {
    state: State,
    url: Option<Url>,
    name: RepositoryName,
}

impl ListTags {
    /// Gets the first page of the tags of the repository `name`.
    pub const fn first(name: RepositoryName) -> Self {
        Self {
            state: State::Fresh,
            url: None,
            name,
        }
    }

    /// Gets the page at `url`, which an earlier one named.
    pub const fn next(name: RepositoryName, url: Url) -> Self {
        Self {
            state: State::Fresh,
            url: Some(url),
            name,
        }
    }
}

impl Machine for ListTags {
    type Output = TagPage;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<TagPage> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                let url = self
                    .url
                    .take()
                    .unwrap_or_else(|| endpoint::tags(host.profile().base(), &self.name));
                self.state = State::Sent;
                endpoint::request(Method::GET, &url, Payload::Empty).map_or_else(Step::fail, Step::Send)
            }
            (State::Sent | State::Reading { .. }, Input::Head { parts, url, .. }) if parts.status == StatusCode::OK => {
                match next_link(&parts.headers)
                    .map(|link| endpoint::same_origin(&url, link))
                    .transpose()
                {
                    Ok(next) => {
                        self.state = State::Reading { next, url: url.into() };
                        Step::Buffer { limit: PAGE_LIMIT }
                    }
                    Err(error) => Step::fail(error),
                }
            }
            (State::Sent | State::Reading { .. }, Input::Head { parts, url, .. }) => {
                Step::fail(unexpected(&parts, &url))
            }
            (State::Reading { next, url }, Input::Body(body)) => match TagList::parse(&body) {
                Ok(list) => Step::Done(Ok(TagPage {
                    others: list.others().to_vec(),
                    tags: list.into_tags(),
                    next,
                })),
                Err(error) => Step::fail(
                    Error::protocol("the tag list cannot be read")
                        .with_source(error)
                        .at(&url),
                ),
            },
            (State::Sent | State::Reading { .. }, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

/// One page of tags.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TagPage {
    /// Where the next page is; `None`: this was the last.
    pub next: Option<Url>,
    /// Entries that are no tags, such as the digests that some registries list among them.
    pub others: Vec<String>,
    /// The tags, in the registry's order.
    pub tags: Vec<Tag>,
}

/// Follows the pages of a list, and stops one that has no end.
#[derive(Debug, Default)]
pub struct Pages {
    empty: usize,
    entries: usize,
    seen: HashSet<Url>,
}

impl Pages {
    /// Counts a page with `entries` entries, whose next page is at `next`.
    ///
    /// # Errors
    /// If `next` was already visited, or more than [`MAX_PAGES`](Self::MAX_PAGES) pages, [`MAX_ENTRIES`](Self::MAX_ENTRIES) entries or three empty pages in a row have come: a list is
    /// never silently cut off.
    pub fn turn(&mut self, entries: usize, next: Option<&Url>) -> Result<(), Error> {
        let endless = |why: &str| {
            Err(Error::new(
                ErrorKind::TooLarge,
                format!("the registry's list does not end: {why}"),
            ))
        };
        self.entries = self.entries.saturating_add(entries);
        self.empty = if entries == 0 { self.empty.saturating_add(1) } else { 0 };
        let Some(next) = next else {
            return Ok(());
        };
        if self.entries > Self::MAX_ENTRIES {
            return endless("too many entries");
        }
        if self.empty >= MAX_EMPTY {
            return endless("one empty page after the other");
        }
        if self.seen.len() >= Self::MAX_PAGES {
            return endless("too many pages");
        }
        if !self.seen.insert(next.clone()) {
            return endless("a page names one that was there before");
        }
        Ok(())
    }

    /// The most entries of one list.
    pub const MAX_ENTRIES: usize = 1_000_000;

    /// The most pages of one list.
    pub const MAX_PAGES: usize = 10_000;
}

/// The most empty pages in a row.
const MAX_EMPTY: usize = 3;

/// The largest page, in bytes: 16 MiB.
const PAGE_LIMIT: usize = 16 << 20;

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    Reading { next: Option<Url>, url: RedactedUrl },
    Sent,
}

#[cfg(test)]
mod tests;
