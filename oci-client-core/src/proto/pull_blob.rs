use http::header::{CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};
use http::{Method, Request, StatusCode};
use oci_spec_types::{Digest, Mismatch, RepositoryName};

use super::HostMemory;
use super::endpoint;
use super::headers::ContentRange;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::{check_uncoded, content_digest, content_length, unexpected};
use crate::redact::RedactedUrl;
use crate::{Error, ErrorKind};

/// Gets a blob, or the rest of one, and goes on where a connection broke ([spec, "Pulling blobs"], end-2).
///
/// ```text
/// Start ── GET ──► Head 200 ── Receive(0..size) ──┬► Received, all of it ──► Done
///            ▲                                    └► Broken at n ─┐
///            └──────────── Range: bytes=n-(size-1) ◄──────────────┘
///                          Head 206, n-(size-1)/size ── Receive(n..)
///                          Head 200 (ranges ignored) ── Receive(0..), once
/// ```
///
/// The bytes do not pass through the machine: who reads them hashes them, and holds back the last ones until size and digest are right.
///
/// [spec, "Pulling blobs"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-blobs
#[derive(Debug)]
pub struct PullBlob {
    at: u64,
    digest: Digest,
    name: RepositoryName,
    rewound: bool,
    size: u64,
    state: State,
}

impl PullBlob {
    /// Gets `size` bytes with `digest` from the repository `name`, of which the first `at` are there already. If all of them are, nothing is requested.
    pub const fn new(name: RepositoryName, digest: Digest, size: u64, at: u64) -> Self {
        Self {
            at,
            digest,
            name,
            rewound: false,
            size,
            state: State::Fresh,
        }
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
        if self.at > 0 {
            // Closed: a range without an end makes some servers send what nobody will read.
            let range = format!("bytes={}-{}", self.at, self.size.saturating_sub(1));
            let range = HeaderValue::from_str(&range).map_err(|_| Error::misuse("a range fits in no header"))?;
            request.headers_mut().insert(RANGE, range);
        }
        Ok(request)
    }

    /// The offset at which the response's body begins.
    fn begins(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<u64, Error> {
        check_uncoded(headers)?;
        self.check_claim(headers)?;
        let at = match status {
            StatusCode::PARTIAL_CONTENT if self.at > 0 => {
                self.check_range(headers)?;
                self.at
            }
            StatusCode::OK if self.at == 0 => 0,
            StatusCode::OK if !self.rewound => {
                self.rewound = true;
                0
            }
            StatusCode::OK => {
                return Err(Error::protocol(
                    "the registry sends the whole blob each time that only its rest is asked for",
                ));
            }
            _ => {
                return Err(Error::protocol(format!(
                    "{status} makes no sense as an answer to a blob request"
                )));
            }
        };
        let expected = self.size.saturating_sub(at);
        match content_length(headers) {
            Some(found) if found > expected => Err(self.too_long(at.saturating_add(found)).into()),
            Some(found) if found < expected => Err(self.too_short(at.saturating_add(found)).into()),
            _ => Ok(at),
        }
    }

    /// A `Docker-Content-Digest` by the same algorithm must name the same content.
    fn check_claim(&self, headers: &HeaderMap) -> Result<(), Error> {
        match content_digest(headers)? {
            Some(found) if found.algorithm() == self.digest.algorithm() && found != self.digest => {
                Err(Mismatch::Digest {
                    expected: Box::new(self.digest.clone()),
                    found: Box::new(found),
                }
                .into())
            }
            _ => Ok(()),
        }
    }

    /// Exactly the rest that was asked for, or nothing: parts are never spliced on trust.
    fn check_range(&self, headers: &HeaderMap) -> Result<(), Error> {
        let mut values = headers.get_all(CONTENT_RANGE).iter();
        let only = values.next().filter(|_| values.next().is_none());
        let text = only.and_then(|value| value.to_str().ok());
        let range: Option<ContentRange> = text.and_then(|text| text.parse().ok());
        let right = range.is_some_and(|range| {
            let total = range.total().is_none_or(|total| total == self.size);
            range.first() == self.at && range.last().checked_add(1) == Some(self.size) && total
        });
        if right {
            return Ok(());
        }
        let (at, size) = (self.at, self.size);
        Err(Error::protocol(format!(
            "asked for the bytes from {at} of {size}, the registry sent another range"
        )))
    }

    fn too_long(&self, at_least: u64) -> Mismatch {
        Mismatch::TooLong {
            at_least,
            digest: Box::new(self.digest.clone()),
            expected: self.size,
        }
    }

    fn too_short(&self, found: u64) -> Mismatch {
        Mismatch::TooShort {
            digest: Box::new(self.digest.clone()),
            expected: self.size,
            found,
        }
    }
}

impl Machine for PullBlob {
    type Output = ();

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<()> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) if self.at > self.size => Step::fail(Error::from(self.too_long(self.at))),
            (State::Fresh, Input::Start) if self.at == self.size && self.size > 0 => Step::Done(Ok(())),
            (State::Fresh, Input::Start) => self.request(host),
            (State::Sent, Input::Head { parts, url, .. }) => {
                if !parts.status.is_success() {
                    return Step::fail(unexpected(&parts, &url));
                }
                match self.begins(parts.status, &parts.headers) {
                    Ok(at) => {
                        self.state = State::Receiving { at, url: url.into() };
                        Step::Receive {
                            at,
                            limit: self.size.saturating_sub(at),
                        }
                    }
                    Err(error) => Step::fail(error.at(&url)),
                }
            }
            (State::Receiving { at, url }, Input::Received { len }) => {
                let end = at.saturating_add(len);
                match end.cmp(&self.size) {
                    std::cmp::Ordering::Equal => Step::Done(Ok(())),
                    std::cmp::Ordering::Greater => Step::fail(Error::from(self.too_long(end)).at(&url)),
                    std::cmp::Ordering::Less => Step::fail(Error::from(self.too_short(end)).at(&url)),
                }
            }
            (State::Receiving { at, .. }, Input::Broken { len, .. }) => {
                // After a rewind the body may have broken before the place that was reached earlier.
                self.at = self.at.max(at.saturating_add(len)).min(self.size);
                if self.at == self.size {
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
    Receiving { at: u64, url: RedactedUrl },
    Sent,
}

#[cfg(test)]
mod tests;
