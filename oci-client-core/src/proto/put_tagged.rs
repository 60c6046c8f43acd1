use std::collections::VecDeque;

use http::header::HeaderName;
use http::{HeaderMap, StatusCode};
use oci_spec_types::{Algorithm, Tag, TagOrDigest};

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Step};
use super::put_manifest::{PutManifest, StoredManifest};
use crate::Error;

/// Stores a manifest by its digest and under several tags at once ([spec, "Pushing manifests"], end-7b).
///
/// ```text
/// Start ── PUT …/DIGEST?tag=A&tag=B ──┬─► Head 201 ──► the tags that OCI-Tag does not name, one by one ──► Done
///                                     └─► 414, 431 ──► fewer tags at a time
///       ── PUT …/TAG (no OCI-Tag known) ──► Head 201 ──► …
/// ```
///
/// A registry that knows nothing of the parameters ignores them; that is remembered, so that later runs push by tag alone.
///
/// [spec, "Pushing manifests"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
#[derive(Debug)]
pub struct PutTagged {
    /// How many tags go along with one request.
    batch: usize,
    put: PutManifest,
    state: State,
    stored: Option<StoredManifest>,
    /// The tags that are still to be set, those of the request under way included.
    tags: VecDeque<Tag>,
}

impl PutTagged {
    /// Stores what `put` stores by its digest and under `tags`. Of a tag that is named twice, one is left out.
    pub fn new(put: &PutManifest, tags: &[Tag]) -> Self {
        let mut distinct: VecDeque<Tag> = VecDeque::new();
        for tag in tags {
            if !distinct.contains(tag) {
                distinct.push_back(tag.clone());
            }
        }
        Self {
            batch: MAX_BATCH,
            put: put.under(TagOrDigest::Digest(put.digest().clone())),
            state: State::Fresh,
            stored: None,
            tags: distinct,
        }
    }

    fn start(&mut self, host: &HostMemory, now: Now) -> Step<StoredManifest> {
        let ignored = host.capabilities.tag_parameters.known(now) == Some(false);
        // Under a tag, a registry names content by sha256: another digest has to be pushed by itself.
        if ignored && self.put.digest().algorithm() == Algorithm::SHA256 && !self.tags.is_empty() {
            return self.by_tag(host);
        }
        self.together(host)
    }

    /// By digest, with as many tags as go along.
    fn together(&mut self, host: &HostMemory) -> Step<StoredManifest> {
        let target = TagOrDigest::Digest(self.put.digest().clone());
        let mut url = endpoint::manifest(host.profile().base(), self.put.name(), &target);
        let along: Vec<Tag> = self.tags.iter().take(self.batch).cloned().collect();
        for tag in &along {
            endpoint::append_query(&mut url, "tag", tag.as_str());
        }
        self.state = State::Together { along: along.len() };
        self.put.request(host, Some(&url)).map_or_else(Step::fail, Step::Send)
    }

    fn by_tag(&mut self, host: &HostMemory) -> Step<StoredManifest> {
        let Some(tag) = self.tags.pop_front() else {
            return self.done();
        };
        self.state = State::Single;
        let put = self.put.under(TagOrDigest::Tag(tag));
        put.request(host, None).map_or_else(Step::fail, Step::Send)
    }

    /// The registry has stored it, with some of the tags or none.
    fn stored_with(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        along: usize,
        headers: &HeaderMap,
    ) -> Step<StoredManifest> {
        if along == 0 {
            return self.by_tag(host);
        }
        let set = oci_tags(headers);
        host.capabilities.tag_parameters.learn(now, !set.is_empty());
        let asked: Vec<Tag> = self.tags.drain(..along.min(self.tags.len())).collect();
        let rest: Vec<Tag> = self.tags.drain(..).collect();
        let left = asked
            .into_iter()
            .filter(|tag| !set.iter().any(|name| *name == tag.as_str()));
        self.tags.extend(left);
        // What the registry left out it would leave out again.
        let missed = self.tags.len();
        self.tags.extend(rest);
        if missed == 0 && !self.tags.is_empty() {
            return self.together(host);
        }
        self.by_tag(host)
    }

    fn done(&mut self) -> Step<StoredManifest> {
        match self.stored.take() {
            Some(stored) => Step::Done(Ok(stored)),
            None => Step::misuse(),
        }
    }
}

impl Machine for PutTagged {
    type Output = StoredManifest;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<StoredManifest> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.start(host, now),
            (state @ (State::Single | State::Together { .. }), Input::Head { parts, url, .. }) => {
                match self.put.stored(host, now, &parts, &url) {
                    Ok(stored) => self.stored.get_or_insert(stored),
                    Err(error) => return Step::fail(error),
                };
                match state {
                    State::Together { along } => self.stored_with(host, now, along, &parts.headers),
                    _ => self.by_tag(host),
                }
            }
            (State::Together { along }, Input::Failed { error, .. }) if along > 0 && too_long(&error) => {
                self.batch = along / 2;
                self.together(host)
            }
            (State::Single | State::Together { .. }, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

/// The tags that the registry says it has set, in one list or in several lines.
fn oci_tags(headers: &HeaderMap) -> Vec<&str> {
    let lines = headers.get_all(OCI_TAG).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .collect()
}

/// Whether the URL or the header fields are longer than the server takes.
fn too_long(error: &Error) -> bool {
    matches!(
        error.status(),
        Some(StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    )
}

const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");

/// How many tags go along with one request at most: their parameters take less than 8 KiB of the URL.
const MAX_BATCH: usize = 50;

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    /// Under one tag.
    Single,
    /// By digest, with so many tags.
    Together {
        along: usize,
    },
}

#[cfg(test)]
mod tests;
