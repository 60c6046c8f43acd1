//! Lists that come in pages: getting one, and following them to the end.

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, HeaderMap, HeaderValue, LINK};
use http::{Method, StatusCode};
use oci_spec_types::Digest;
use url::Url;

use super::endpoint;
use super::headers::next_link;
use super::machine::{Input, Payload, Step};
use super::reply::unexpected;
use crate::redact::RedactedUrl;
use crate::{Error, ErrorKind};

/// Follows the pages of a list, and stops one that has no end.
///
/// Of the pages that were visited only the digests of their URLs are kept: memory does not depend on how long these are, and none of them is shown.
#[derive(Debug, Default)]
pub struct Pages {
    empty: usize,
    entries: usize,
    /// By SHA-256: no server finds two URLs that are taken for one, and the same inputs lead to the same steps, as no key is drawn for it.
    seen: HashSet<Digest>,
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
        if !self.seen.insert(Digest::sha256(next.as_str().as_bytes())) {
            return endless("a page names one that was there before");
        }
        Ok(())
    }

    /// The most entries of one list.
    pub const MAX_ENTRIES: usize = 1_000_000;

    /// The most pages of one list.
    pub const MAX_PAGES: usize = 10_000;
}

/// Gets one page of a list, as the inner part of the machines that know what is listed.
///
/// ```text
/// Start ── GET ──► Head 200 ── Buffer ──► Body ──► Done(page)
/// ```
#[derive(Debug)]
pub(crate) struct GetPage {
    accept: Option<HeaderValue>,
    limit: usize,
    state: State,
    url: Option<RedactedUrl>,
}

impl GetPage {
    /// The first page, of at most `limit` bytes.
    pub(crate) const fn first(limit: usize) -> Self {
        Self {
            accept: None,
            limit,
            state: State::Fresh,
            url: None,
        }
    }

    /// The page at `url`, which an earlier one named.
    pub(crate) const fn at(url: Url, limit: usize) -> Self {
        Self {
            accept: None,
            limit,
            state: State::Fresh,
            url: Some(RedactedUrl::new(url)),
        }
    }

    /// With an `Accept` field.
    pub(crate) fn accepting(mut self, media_type: &'static str) -> Self {
        self.accept = Some(HeaderValue::from_static(media_type));
        self
    }

    /// As a machine is resumed; the first page is at `first`.
    pub(crate) fn resume(&mut self, first: impl FnOnce() -> Url, input: Input) -> Step<Page> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                self.state = State::Sent;
                let url = self.url.take().map_or_else(first, RedactedUrl::into_url);
                match endpoint::request(Method::GET, &url, Payload::Empty) {
                    Ok(mut request) => {
                        if let Some(accept) = self.accept.take() {
                            request.headers_mut().insert(ACCEPT, accept);
                        }
                        Step::Send(request)
                    }
                    Err(error) => Step::fail(error),
                }
            }
            (State::Sent | State::Reading { .. }, Input::Head { parts, url, .. }) if parts.status == StatusCode::OK => {
                match next_page(&parts.headers, &url) {
                    Ok(next) => {
                        let headers = Box::new(Fields(parts.headers));
                        let next = next.map(RedactedUrl::new);
                        let url = url.into();
                        self.state = State::Reading { headers, next, url };
                        Step::Buffer { limit: self.limit }
                    }
                    Err(error) => Step::fail(error),
                }
            }
            (State::Sent | State::Reading { .. }, Input::Head { parts, url, .. }) => {
                Step::fail(unexpected(&parts, &url))
            }
            (State::Reading { headers, next, url }, Input::Body(body)) => Step::Done(Ok(Page {
                body,
                headers: headers.0,
                next: next.map(RedactedUrl::into_url),
                url,
            })),
            (State::Sent | State::Reading { .. }, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

/// Where the next page is. A link that cannot be read may have been to it: a list is never silently cut off.
fn next_page(headers: &HeaderMap, url: &Url) -> Result<Option<Url>, Error> {
    match next_link(headers) {
        Some(link) => endpoint::same_origin(url, link).map(Some),
        None if headers.get_all(LINK).iter().any(|value| value.to_str().is_err()) => {
            Err(Error::protocol("the list's Link field cannot be read").at(url))
        }
        None => Ok(None),
    }
}

/// Header fields, whose values may be secrets of whoever signs URLs.
struct Fields(HeaderMap);

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// A page as it came.
pub(crate) struct Page {
    pub(crate) body: Bytes,
    pub(crate) headers: HeaderMap,
    /// Where the next one is, at the same origin.
    pub(crate) next: Option<Url>,
    pub(crate) url: RedactedUrl,
}

/// The largest page of names, in bytes: 16 MiB.
pub(crate) const NAMES_LIMIT: usize = 16 << 20;

/// The most empty pages in a row.
const MAX_EMPTY: usize = 3;

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    Reading {
        headers: Box<Fields>,
        next: Option<RedactedUrl>,
        url: RedactedUrl,
    },
    Sent,
}

#[cfg(test)]
mod tests;
