use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use oci_spec_types::{Descriptor, Digest, Document, ImageIndex, MediaType, RepositoryName, TagOrDigest};

use super::fallback::{Content, Fallback, GetFallback};
use crate::proto::HostMemory;
use crate::proto::endpoint;
use crate::proto::machine::{Input, Machine, Now, Step};
use crate::proto::put_manifest::put_request;
use crate::proto::reply::unexpected;
use crate::{Error, ErrorKind};

/// Changes the list of a subject's referrers under its fallback tag, for registries that do not keep one ([spec, "Referrers Tag Schema"]).
///
/// ```text
/// Start ──► GET ──┬─► changed: PUT ──┬─► 2xx ──► GET, pause, GET ──┬─► the change is there ──► Done(Written)
///            ▲    └─► no change       │                             └─► it is not ─┐
///            │        needed: Done    └─► 409, 412 ────────────────────────────────┤
///            └──────────────────────────── pause ◄─────────────────────────────────┘  at most 8 rounds
/// ```
///
/// A PUT is conditional: `If-Match` with the entity tag that the GET came with, `If-None-Match: *` where there was nothing. Where the registry has answered with the
/// subject itself, which is no list, one and the other are tried in turn.
///
/// # Concurrency
/// Where the registry honours conditions, no entry is lost, and whoever cannot get through in eight rounds gets an error of kind
/// [`Conflict`](ErrorKind::Conflict). Where it ignores them, a change that another writer has overwritten is noticed by reading again and made again: at once,
/// and once more after twice the time that the change has taken, by when a writer who had read the list before has written it too. One course is noticed by
/// nobody: another writer reads the list before this one writes it, and writes only after this one has read it for the last time. Within one client that
/// does not happen, as clients change one list at a time.
///
/// [spec, "Referrers Tag Schema"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
#[derive(Debug)]
pub struct UpdateReferrers {
    /// When the list was first read in this round.
    began: Duration,
    change: Change,
    name: RepositoryName,
    rounds: u32,
    state: State,
    subject: Digest,
}

impl UpdateReferrers {
    /// Enters `referrer` into the list of `subject`. An entry with its digest is brought up to date.
    pub fn add(name: RepositoryName, subject: Digest, referrer: Descriptor) -> Self {
        Self::new(name, subject, Change::Add(Box::new(referrer)))
    }

    /// Takes the entries with the digest `referrer` out of the list of `subject`. A list that gets empty stays.
    pub const fn remove(name: RepositoryName, subject: Digest, referrer: Digest) -> Self {
        Self::new(name, subject, Change::Remove(referrer))
    }

    const fn new(name: RepositoryName, subject: Digest, change: Change) -> Self {
        Self {
            began: Duration::ZERO,
            change,
            name,
            rounds: 0,
            state: State::Fresh,
            subject,
        }
    }

    fn read(&mut self, host: &mut HostMemory, now: Now, after: After) -> Step<UpdatedReferrers> {
        let get = GetFallback::new(self.name.clone(), self.subject.clone());
        self.state = State::Reading(Box::new(get), after);
        self.reading(host, now, Input::Start)
    }

    fn reading(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<UpdatedReferrers> {
        let State::Reading(mut get, after) = std::mem::replace(&mut self.state, State::Ended) else {
            return Step::misuse();
        };
        match (get.resume(host, input).ended(), after) {
            (ControlFlow::Continue(step), after) => {
                self.state = State::Reading(get, after);
                step
            }
            (ControlFlow::Break(Ok(fallback)), After::Start) => self.write(host, fallback),
            (ControlFlow::Break(Ok(fallback)), _) if !self.is_made(&fallback) => self.again(host, None),
            (ControlFlow::Break(Ok(_)), After::Write) => self.settle(now),
            (ControlFlow::Break(Ok(_)), After::Pause) => Step::Done(Ok(UpdatedReferrers::Written)),
            (ControlFlow::Break(Err(error)), _) => Step::fail(error),
        }
    }

    /// Writes the changed list, if the change is not there already.
    fn write(&mut self, host: &mut HostMemory, fallback: Fallback) -> Step<UpdatedReferrers> {
        let (mut index, condition) = match fallback {
            Fallback::Absent => (ImageIndex::new(Vec::new()), Some((IF_NONE_MATCH, ANY))),
            Fallback::Present {
                content: Content::Index(index),
                etag,
            } => (*index, if_match(etag)),
            Fallback::Present {
                content: Content::Other(why),
                ..
            } => return Step::fail(self.no_index(&why)),
            // The subject is no list, and must not become one. Whether the registry compares a condition with it or with the tag, which is not there, differs.
            Fallback::Present {
                content: Content::Subject,
                etag,
            } => {
                let absent = (IF_NONE_MATCH, ANY);
                let condition = if_match(etag).filter(|_| !self.rounds.is_multiple_of(2));
                (ImageIndex::new(Vec::new()), Some(condition.unwrap_or(absent)))
            }
        };
        if !self.change.apply(&mut index) {
            return Step::Done(Ok(UpdatedReferrers::Unchanged));
        }
        index.media_type.get_or_insert(MediaType::IMAGE_INDEX);
        match self.put(host, index, condition) {
            Ok(step) => {
                self.state = State::Writing;
                step
            }
            Err(error) => Step::fail(error),
        }
    }

    fn put(
        &self,
        host: &HostMemory,
        index: ImageIndex,
        condition: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Step<UpdatedReferrers>, Error> {
        let document = Document::from_value(index).map_err(|error| {
            Error::new(ErrorKind::TooLarge, "the list of referrers cannot be written").with_source(error)
        })?;
        let target = TagOrDigest::Tag(self.subject.fallback_tag());
        let url = endpoint::manifest(host.profile().base(), &self.name, &target);
        let bytes = Bytes::from_owner(document.shared_bytes());
        let mut request = put_request(host, &url, document.media_type(), bytes)?;
        if let Some((name, value)) = condition {
            request.headers_mut().insert(name, value);
        }
        Ok(Step::Send(request))
    }

    fn is_made(&self, fallback: &Fallback) -> bool {
        let index = match fallback {
            Fallback::Present {
                content: Content::Index(index),
                ..
            } => Some(&**index),
            Fallback::Absent | Fallback::Present { .. } => None,
        };
        self.change.is_in(index)
    }

    /// Gives those time to write who have read the list before this one had written it.
    fn settle(&mut self, now: Now) -> Step<UpdatedReferrers> {
        let taken = now.monotonic.saturating_sub(self.began);
        self.state = State::Settling;
        Step::Sleep(taken.saturating_mul(2).clamp(SHORTEST_SETTLING, LONGEST_SETTLING))
    }

    /// Another has changed the list at the same time, or the registry refuses to replace it and says so in the same way.
    fn again(&mut self, host: &mut HostMemory, refusal: Option<Error>) -> Step<UpdatedReferrers> {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds >= MAX_ROUNDS {
            return Step::fail(self.conflict(refusal));
        }
        self.state = State::Pausing;
        Step::Sleep(
            host.pacing
                .jittered(FIRST_PAUSE.saturating_mul(1 << self.rounds.min(5))),
        )
    }

    fn conflict(&self, refusal: Option<Error>) -> Error {
        let tag = self.subject.fallback_tag();
        let list = format!("the list of referrers under the tag {tag}");
        let Some(refusal) = refusal else {
            let message = format!("{list} was changed by others each time that it was written ({MAX_ROUNDS} times)");
            return Error::new(ErrorKind::Conflict, message);
        };
        let message = format!(
            "the registry has refused {MAX_ROUNDS} times to replace {list}: others keep changing it, or tags may not be changed there"
        );
        Error::new(ErrorKind::Conflict, message).with_source(refusal)
    }

    fn no_index(&self, why: &str) -> Error {
        let tag = self.subject.fallback_tag();
        let message = format!(
            "the tag {tag} should list the referrers of {} and is left alone, as it holds no image index: {why}",
            self.subject
        );
        Error::new(ErrorKind::Conflict, message)
    }
}

impl Machine for UpdateReferrers {
    type Output = UpdatedReferrers;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<UpdatedReferrers> {
        match (&self.state, input) {
            (State::Fresh, Input::Start) | (State::Pausing, Input::Woken) => {
                self.began = now.monotonic;
                self.read(host, now, After::Start)
            }
            (State::Settling, Input::Woken) => self.read(host, now, After::Pause),
            (State::Reading(..), input) => self.reading(host, now, input),
            (State::Writing, Input::Head { parts, .. }) if parts.status.is_success() => {
                self.read(host, now, After::Write)
            }
            (State::Writing, Input::Failed { error, .. }) if is_outrun(&error) => self.again(host, Some(error)),
            (state, input) => {
                let step = match (state, input) {
                    (State::Writing, Input::Head { parts, url, .. }) => Step::fail(unexpected(&parts, &url)),
                    (State::Writing, Input::Failed { error, .. }) => Step::fail(error),
                    _ => Step::misuse(),
                };
                self.state = State::Ended;
                step
            }
        }
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UpdatedReferrers {
    /// It was not needed: nothing was written.
    Unchanged,
    /// The list was written, and read again with the change in it.
    Written,
}

/// The error for a manifest that is stored while its entry in the list of referrers is not.
pub fn unrecorded(manifest: &Digest, error: Error) -> Error {
    let message = format!(
        "the manifest {manifest} itself is stored, but not entered into the list of its subject's referrers; push it again to do so"
    );
    Error::new(error.kind(), message).with_source(error)
}

#[derive(Debug)]
enum Change {
    Add(Box<Descriptor>),
    Remove(Digest),
}

impl Change {
    /// Makes the change. Says whether there was any to make.
    fn apply(&self, index: &mut ImageIndex) -> bool {
        match self {
            Self::Add(referrer) => add(index, referrer),
            Self::Remove(digest) => index.remove(digest),
        }
    }

    fn is_in(&self, index: Option<&ImageIndex>) -> bool {
        let mut entries = index.into_iter().flat_map(|index| &index.manifests);
        match self {
            Self::Add(referrer) => entries.any(|entry| entry.digest == referrer.digest),
            Self::Remove(digest) => entries.all(|entry| entry.digest != *digest),
        }
    }
}

/// One entry for each digest, and of the entry what the manifest itself says; what others have added to it stays.
fn add(index: &mut ImageIndex, referrer: &Descriptor) -> bool {
    let before = index.manifests.len();
    let mut seen = false;
    index
        .manifests
        .retain(|entry| entry.digest != referrer.digest || !std::mem::replace(&mut seen, true));
    let mut entries = index.manifests.iter();
    let entry = match entries.find(|entry| entry.digest == referrer.digest) {
        Some(entry) => {
            let mut entry = entry.clone();
            entry.media_type.clone_from(&referrer.media_type);
            entry.size = referrer.size;
            entry.artifact_type.clone_from(&referrer.artifact_type);
            entry.annotations.clone_from(&referrer.annotations);
            entry
        }
        None => referrer.clone(),
    };
    index.upsert(entry) || index.manifests.len() < before
}

/// A weak tag cannot stand for the bytes that are to be replaced.
fn if_match(etag: Option<HeaderValue>) -> Option<(HeaderName, HeaderValue)> {
    etag.filter(|etag| etag.as_bytes().starts_with(b"\""))
        .map(|etag| (IF_MATCH, etag))
}

/// Whether a PUT was refused because the list has changed.
fn is_outrun(error: &Error) -> bool {
    matches!(error.status().map(|status| status.as_u16()), Some(409 | 412))
}

const ANY: HeaderValue = HeaderValue::from_static("*");

/// How often the list is written.
const MAX_ROUNDS: u32 = 8;

/// The pause before the second round is up to twice this; it doubles up to 32 times. Others need the time of two requests.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause before a written list is read for the last time.
const LONGEST_SETTLING: Duration = Duration::from_secs(2);

/// The shortest one.
const SHORTEST_SETTLING: Duration = Duration::from_millis(20);

/// What was done before the list is read.
#[derive(Clone, Copy, Debug)]
enum After {
    Pause,
    Start,
    Write,
}

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    Pausing,
    Reading(Box<GetFallback>, After),
    Settling,
    Writing,
}

#[cfg(test)]
mod tests;
