mod answer;

use std::cmp::Ordering;
use std::ops::Range;

use http::header::{HeaderValue, RANGE};
use http::{Method, Request, StatusCode};
use oci_spec_types::{Digest, RepositoryName};

use self::answer::Begun;
use super::endpoint;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::unexpected;
use super::{HostMemory, ParallelPart};
use crate::redact::RedactedUrl;
use crate::{Error, ErrorKind};

/// Gets a blob, the rest of one or a part of it, and goes on where a connection broke ([spec, "Pulling blobs"], end-2).
///
/// ```text
/// Start ── GET ──► Head 200 ── Receive(0..size) ──┬► Received, all of it ──► Done
///            ▲                                    └► Broken at n ─┐
///            └──────────── Range: bytes=n-(end-1) ◄───────────────┘
///                          Head 206, n-(end-1)/size ── Receive(n..end)
///                          Head 200 (ranges ignored) ── see [`IfWhole`]
/// ```
///
/// The bytes do not pass through the machine: who reads them hashes them, and holds back the last ones until size and digest are right.
///
/// Ranges carry no `If-Range`: content that is named by its digest does not change, the nodes of a content network may each have an `ETag` of their
/// own for it, and the digest of the whole decides in the end.
///
/// [spec, "Pulling blobs"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-blobs
#[derive(Debug)]
pub struct PullBlob {
    at: u64,
    digest: Digest,
    end: u64,
    if_whole: IfWhole,
    name: RepositoryName,
    parallel: bool,
    rewound: bool,
    size: u64,
    state: State,
}

/// What becomes of an answer that is the whole blob, where a part was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum IfWhole {
    /// What lies before the part is passed on too, if that is at most `most` bytes, and what follows the part is not; else it is an error.
    Skip {
        /// In bytes.
        most: u64,
    },
    /// All of it is passed on, from the beginning to the end of the blob: [`Step::Receive`] says so. Borne once.
    Take,
}

impl PullBlob {
    /// Gets `size` bytes with `digest` from the repository `name`, of which the first `at` are there already. If all of them are, nothing is requested.
    pub const fn new(name: RepositoryName, digest: Digest, size: u64, at: u64) -> Self {
        Self {
            at,
            digest,
            end: size,
            if_whole: IfWhole::Take,
            name,
            parallel: false,
            rewound: false,
            size,
            state: State::Fresh,
        }
    }

    /// Gets the bytes `part` of a blob of `size` bytes. An empty part is there without a request; one that reaches past the blob is an error.
    pub const fn part(name: RepositoryName, digest: Digest, size: u64, part: Range<u64>, if_whole: IfWhole) -> Self {
        Self {
            at: part.start,
            digest,
            end: part.end,
            if_whole,
            name,
            parallel: false,
            rewound: false,
            size,
            state: State::Fresh,
        }
    }

    /// Marks its requests as [`ParallelPart`]s, for one of several machines that get parts of the same blob at the same time.
    #[must_use]
    pub const fn in_parallel(mut self) -> Self {
        self.parallel = true;
        self
    }

    fn start(&mut self, host: &HostMemory) -> Step<()> {
        if self.at > self.size {
            return Step::fail(Error::from(self.too_long(self.at)));
        }
        if self.at > self.end || self.end > self.size {
            return Step::fail(Error::misuse("a part that is not within the blob was asked for"));
        }
        if self.at == self.end && self.size > 0 {
            return Step::Done(Ok(()));
        }
        self.request(host)
    }

    fn request(&mut self, host: &HostMemory) -> Step<()> {
        self.build(host).map_or_else(Step::fail, |request| {
            self.state = State::Sent;
            Step::Send(request)
        })
    }

    fn build(&self, host: &HostMemory) -> Result<Request<Payload>, Error> {
        let url = endpoint::blob(host.profile().base(), &self.name, &self.digest);
        let mut request = endpoint::request(Method::GET, &url, Payload::Empty)?;
        if self.is_ranged() {
            // Closed: a range without an end makes some servers send what nobody will read.
            let range = format!("bytes={}-{}", self.at, self.end.saturating_sub(1));
            let range = HeaderValue::from_str(&range).map_err(|_| Error::misuse("a range fits in no header"))?;
            request.headers_mut().insert(RANGE, range);
        }
        if self.parallel {
            request.extensions_mut().insert(ParallelPart);
        }
        Ok(request)
    }

    const fn is_ranged(&self) -> bool {
        self.at > 0 || self.end < self.size
    }

    /// The body has come to `end`, and by itself.
    fn received(&self, end: u64, surplus: bool, url: &RedactedUrl) -> Step<()> {
        match end.cmp(&self.end) {
            Ordering::Equal => Step::Done(Ok(())),
            Ordering::Greater if surplus => Step::Done(Ok(())),
            Ordering::Greater if self.end < self.size => {
                Step::fail(Error::protocol("the registry sent more than the part that was asked for").at(url))
            }
            Ordering::Greater => Step::fail(Error::from(self.too_long(end)).at(url)),
            Ordering::Less => Step::fail(Error::from(self.too_short(end)).at(url)),
        }
    }
}

impl Machine for PullBlob {
    type Output = ();

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<()> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.start(host),
            (State::Sent, Input::Head { parts, url, .. }) => {
                if !parts.status.is_success() {
                    return Step::fail(unexpected(&parts, &url));
                }
                match self.begins(parts.status, &parts.headers) {
                    Ok(Begun { at, surplus }) => {
                        let url = url.into();
                        self.state = State::Receiving { at, surplus, url };
                        let limit = self.end.saturating_sub(at);
                        Step::Receive { at, limit }
                    }
                    Err(error) => Step::fail(error.at(&url)),
                }
            }
            (State::Receiving { at, surplus, url }, Input::Received { len }) => {
                self.received(at.saturating_add(len), surplus, &url)
            }
            (State::Receiving { at, .. }, Input::Broken { len, .. }) => {
                // After a rewind the body may have broken before the place that was reached earlier.
                self.at = self.at.max(at.saturating_add(len)).min(self.end);
                if self.at == self.end {
                    Step::Done(Ok(()))
                } else {
                    self.request(host)
                }
            }
            // There is nothing from there on: what has come by now is all that the registry has.
            (State::Sent, Input::Failed { error, .. })
                if self.at > 0
                    && error.kind() == ErrorKind::Refused
                    && error.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE) =>
            {
                Step::fail(self.too_short(self.at))
            }
            (State::Sent | State::Receiving { .. }, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    Receiving {
        at: u64,
        /// Whether the body may go on past the part.
        surplus: bool,
        url: RedactedUrl,
    },
    Sent,
}

#[cfg(test)]
mod tests;
