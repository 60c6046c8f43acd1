use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Method, Request, StatusCode, response};
use oci_spec_types::{Digest, RepositoryName};
use url::Url;

use super::endpoint::{self, append_query};
use super::machine::{Input, Machine, Now, Payload, Span, Step};
use super::reply::{check_stored, unexpected};
use super::session::{Unfollowed, Unrepeated};
use super::{HostMemory, TransportErrorKind};
use crate::redact::RedactedUrl;
use crate::{Error, ErrorKind};

/// Stores a blob whose digest and size are known ([spec, "Pushing blobs"], end-4, end-6, end-11 and end-14).
///
/// ```text
/// Start ── POST ?mount&from, small: &digest and the content ──┬► 201 ──────────────────────────────► Done
///            ▲                                                ├► 202 ──┬► large: HEAD ─┬► there ─► DELETE ─► Done
///            │                                                │        ▼               ▼ 404
///            │ Interrupted, or 404 once                       │       PUT ?digest and the content ──► 201 ─► Done
///            ├────────────────────────────────────────────────│────────┤
///            │ without a query                                │        └► Failed ─► DELETE ─► Done(Err)
///            └────────────────────────────────────────────────┴► Failed 4xx, once
/// ```
///
/// Mounting a blob of a repository into that same repository answers 201 where the blob is there already and opens an upload session where it is not: one request for
/// what others need two for. Registries that never mount always open a session, so a large blob is looked for first until the host has shown that it mounts; and where it has shown that it does not, all but small blobs are looked for before anything else.
///
/// [spec, "Pushing blobs"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
#[derive(Debug)]
pub struct Upload {
    digest: Digest,
    name: RepositoryName,
    plain: bool,
    restarted: bool,
    size: u64,
    state: State,
}

/// How a blob came to be in the repository.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Uploaded {
    /// It was there already; its content was not sent.
    Present,
    /// Its content was sent.
    Stored,
}

impl Upload {
    /// Stores `size` bytes with `digest` in the repository `name`.
    pub const fn new(name: RepositoryName, digest: Digest, size: u64) -> Self {
        Self {
            digest,
            name,
            plain: false,
            restarted: false,
            size,
            state: State::Fresh,
        }
    }

    /// Where mounting tells nothing, a look does.
    fn begin(&mut self, host: &HostMemory, now: Now) -> Step<Uploaded> {
        if host.capabilities.self_mount.known(now) == Some(false) {
            self.plain = true;
            if self.size > host.profile().small_blob() {
                return self.look(host, None);
            }
        }
        self.open(host, now)
    }

    /// Asks for the blob to be mounted, or for an upload session.
    fn open(&mut self, host: &HostMemory, now: Now) -> Step<Uploaded> {
        let small = self.size <= host.profile().small_blob();
        let with_content = small && !self.plain && host.capabilities.single_post.known(now) != Some(false);
        let mut url = endpoint::uploads(host.profile().base(), &self.name);
        if !self.plain {
            append_query(&mut url, "mount", &self.digest.to_string());
            append_query(&mut url, "from", self.name.as_str());
        }
        if with_content {
            append_query(&mut url, "digest", &self.digest.to_string());
        }
        let payload = if with_content { self.content() } else { Payload::Empty };
        self.send(Method::POST, &url, payload, State::Opening { with_content })
    }

    /// The answer to the request that opens the upload.
    fn opened(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        parts: &response::Parts,
        url: &Url,
        with_content: bool,
    ) -> Step<Uploaded> {
        match parts.status {
            StatusCode::CREATED if !self.plain => {
                if let Err(error) = check_stored(&parts.headers, &self.digest) {
                    return Step::fail(error.at(url));
                }
                if !with_content {
                    host.capabilities.self_mount.learn(now, true);
                }
                Step::Done(Ok(if with_content {
                    Uploaded::Stored
                } else {
                    Uploaded::Present
                }))
            }
            StatusCode::ACCEPTED => {
                if with_content {
                    host.capabilities.single_post.learn(now, false);
                }
                if self.plain {
                    host.capabilities.self_mount.learn(now, false);
                }
                match location(parts, url) {
                    Ok(location) if self.must_look(host, now) => self.look(host, Some(location)),
                    Ok(location) => self.put(location),
                    Err(error) => Step::fail(error),
                }
            }
            _ => Step::fail(unexpected(parts, url)),
        }
    }

    /// Whether the blob is large enough to be worth a look before it is sent, on a host that has not shown whether it mounts.
    fn must_look(&self, host: &HostMemory, now: Now) -> bool {
        self.size > LARGE_BLOB && host.capabilities.self_mount.known(now).is_none()
    }

    fn look(&mut self, host: &HostMemory, location: Option<RedactedUrl>) -> Step<Uploaded> {
        let url = endpoint::blob(host.profile().base(), &self.name, &self.digest);
        match endpoint::request(Method::HEAD, &url, Payload::Empty) {
            Ok(mut request) => {
                request.extensions_mut().insert(Unfollowed);
                self.state = State::Looking { location };
                Step::Send(request)
            }
            Err(error) => Step::fail(error),
        }
    }

    /// What a look gave, before an upload session was opened or after.
    fn looked(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        location: Option<RedactedUrl>,
        there: bool,
    ) -> Step<Uploaded> {
        if there {
            // Had the host mounted, there would have been nothing to look for.
            host.capabilities.self_mount.learn(now, false);
        }
        match location {
            Some(location) if there => self.cancel(&location, Ok(Uploaded::Present)),
            Some(location) => self.put(location),
            None if there => Step::Done(Ok(Uploaded::Present)),
            None => self.open(host, now),
        }
    }

    fn put(&mut self, location: RedactedUrl) -> Step<Uploaded> {
        let mut url = Url::clone(&location);
        append_query(&mut url, "digest", &self.digest.to_string());
        self.send(Method::PUT, &url, self.content(), State::Putting { location })
    }

    /// The session is of no use any more; tell the registry, and end with `outcome` whatever it says.
    fn cancel(&mut self, location: &Url, outcome: Result<Uploaded, Error>) -> Step<Uploaded> {
        let transport = outcome.as_ref().err().and_then(Error::transport);
        if transport.is_some_and(|error| error.kind() != TransportErrorKind::Source) {
            return Step::Done(outcome);
        }
        match endpoint::request(Method::DELETE, location, Payload::Empty) {
            Ok(mut request) => {
                request.extensions_mut().insert(Unrepeated);
                self.state = State::Cancelling { outcome: Some(outcome) };
                Step::Send(request)
            }
            Err(_) => Step::Done(outcome),
        }
    }

    /// Opens another session in place of one that the registry has lost.
    fn restart(&mut self, host: &HostMemory, now: Now) -> Step<Uploaded> {
        self.restarted = true;
        self.open(host, now)
    }

    fn send(&mut self, method: Method, url: &Url, payload: Payload, state: State) -> Step<Uploaded> {
        let request = endpoint::request(method, url, payload).map(|mut request: Request<Payload>| {
            request
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            request
        });
        self.state = state;
        request.map_or_else(Step::fail, Step::Send)
    }

    const fn content(&self) -> Payload {
        Payload::Source(Span::new(0, self.size))
    }
}

impl Machine for Upload {
    type Output = Uploaded;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<Uploaded> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.begin(host, now),
            (State::Opening { .. } | State::Putting { .. }, Input::Interrupted { .. }) => self.open(host, now),
            (State::Opening { with_content }, Input::Head { parts, url, .. }) => {
                self.opened(host, now, &parts, &url, with_content)
            }
            (State::Opening { .. }, Input::Failed { error, .. }) if !self.plain && refuses_mount(&error) => {
                self.plain = true;
                self.open(host, now)
            }
            (State::Looking { location }, Input::Head { parts, .. }) => {
                let there = parts.status == StatusCode::OK || parts.status.is_redirection();
                self.looked(host, now, location, there)
            }
            // The look was a courtesy: whatever kept it from an answer need not keep the upload from working.
            (State::Looking { location }, Input::Failed { .. }) => self.looked(host, now, location, false),
            (State::Putting { .. }, Input::Head { parts, url, .. }) if STORED.contains(&parts.status) => {
                let stored = check_stored(&parts.headers, &self.digest).map_err(|error| error.at(&url));
                Step::Done(stored.map(|()| Uploaded::Stored))
            }
            (State::Putting { location }, Input::Head { parts, url, .. }) => {
                self.cancel(&location, Err(unexpected(&parts, &url)))
            }
            (State::Putting { .. }, Input::Failed { error, .. })
                if error.kind() == ErrorKind::NotFound && !self.restarted =>
            {
                self.restart(host, now)
            }
            (State::Putting { location }, Input::Failed { error, .. }) => self.cancel(&location, Err(error)),
            (State::Cancelling { outcome }, Input::Head { .. } | Input::Failed { .. }) => {
                outcome.map_or_else(Step::misuse, Step::Done)
            }
            (State::Opening { .. }, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

/// The upload session's URL.
fn location(parts: &response::Parts, url: &Url) -> Result<RedactedUrl, Error> {
    let text = parts.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let text =
        text.ok_or_else(|| Error::protocol("the registry opened an upload session without saying where").at(url))?;
    endpoint::same_origin(url, text).map(RedactedUrl::from)
}

/// Whether the refusal may be about the mount rather than about the upload.
fn refuses_mount(error: &Error) -> bool {
    use ErrorKind::{Denied, NotFound, Refused, TooLarge, Unsupported};
    let client_error = error.status().is_some_and(|status| status.is_client_error());
    client_error && matches!(error.kind(), Denied | NotFound | Refused | TooLarge | Unsupported)
}

/// The size in bytes above which a blob is looked for before it is sent to a host that may not mount: 64 MiB.
const LARGE_BLOB: u64 = 64 << 20;

/// What says that a blob is stored. 202 says that the session is still open.
const STORED: [StatusCode; 3] = [StatusCode::CREATED, StatusCode::OK, StatusCode::NO_CONTENT];

#[derive(Debug)]
enum State {
    Cancelling { outcome: Option<Result<Uploaded, Error>> },
    Ended,
    Fresh,
    Looking { location: Option<RedactedUrl> },
    Opening { with_content: bool },
    Putting { location: RedactedUrl },
}

#[cfg(test)]
mod tests;
