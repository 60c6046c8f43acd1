use http::{Method, Request, StatusCode, response};
use oci_spec_types::{Algorithm, Digest, RepositoryName};
use url::Url;

use super::session::{UploadSession, carrying};
use super::stream::{is_cut_off, is_there};
use super::transfer::{Act, Over, Transfer, TransferPlan};
use super::trial::Lead;
use crate::proto::HostMemory;
use crate::proto::endpoint::{self, append_query};
use crate::proto::host::Ticket;
use crate::proto::machine::{Input, Machine, Now, Payload, Span, Step};
use crate::proto::reply::{check_stored, unexpected};
use crate::proto::session::Unfollowed;
use crate::{Error, ErrorKind};

/// Stores a blob whose digest and size are known ([spec, "Pushing blobs"], end-4, end-6, end-11 and end-14).
///
/// ```text
/// Start ── POST ?mount&from, small: &digest and the content ──┬► 201 ─────────────────────────────────► Done
///            ▲                                                ├► 202 ──┬► large: HEAD ─┬► there ─► DELETE ─► Done
///            │ once, if the session comes to nothing          │        ▼               ▼ 404
///            ├────────────────────────────────────────────────│── the content, whole or in parts ──► 201 ─► Done
///            │ without a query                                │        └► Failed ─► DELETE ─► Done(Err)
///            ├────────────────────────────────────────────────┼► Failed 4xx, once
///            └─ without the content ──────────────────────────┴► Failed 413
/// ```
///
/// Mounting a blob of a repository into that same repository answers 201 where the blob is there already and opens an upload session where it is not: one request for
/// what others need two for. Registries that never mount always open a session, so a large blob is looked for first until the host has shown that it mounts; and where it has shown that it does not, all but small blobs are looked for before anything else.
///
/// Of several machines that would be the first to bring content along with the POST, one does so and the others wait for what comes of it, unless they have so little that sending it
/// in vain costs less than the wait.
///
/// [spec, "Pushing blobs"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
#[derive(Debug)]
pub struct Upload {
    /// Whether a session has come to nothing because it was interrupted.
    broken: bool,
    digest: Digest,
    name: RepositoryName,
    plain: bool,
    /// Whether the content is to be sent even if the blob seems to be there.
    regardless: bool,
    restarted: bool,
    session: Option<UploadSession>,
    size: u64,
    state: State,
    waited: bool,
}

/// How a blob came to be in the repository.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Uploaded {
    /// The registry took it over from another of its repositories; its content was not sent.
    Mounted,
    /// It was there already; its content was not sent.
    Present,
    /// Its content was sent.
    Stored,
}

impl Upload {
    /// Stores `size` bytes with `digest` in the repository `name`.
    pub const fn new(name: RepositoryName, digest: Digest, size: u64) -> Self {
        Self {
            broken: false,
            digest,
            name,
            plain: false,
            regardless: false,
            restarted: false,
            session: None,
            size,
            state: State::Fresh,
            waited: false,
        }
    }

    /// Begins with a session that a [`Mount`](super::Mount) has opened instead of mounting.
    #[must_use]
    pub fn in_session(mut self, session: UploadSession) -> Self {
        self.session = Some(session);
        self
    }

    /// Sends the content whether or not the blob seems to be there: some registries find the blobs of all their repositories in each of them and then refuse a
    /// manifest for want of them.
    #[must_use]
    pub const fn regardless(mut self) -> Self {
        self.plain = true;
        self.regardless = true;
        self
    }

    /// Where mounting tells nothing, a look does.
    fn begin(&mut self, host: &mut HostMemory, now: Now) -> Step<Uploaded> {
        if let Some(session) = self.session.take() {
            return match self.must_look(host, now) {
                true => self.look(host, Found::Before(Some(session))),
                false => self.transfer(host, now, session),
            };
        }
        if host.capabilities.self_mount.known(now) == Some(false) {
            self.plain = true;
            if !self.regardless && self.size > host.profile().small_blob() {
                return self.look(host, Found::Before(None));
            }
        }
        self.open(host, now)
    }

    /// Asks for the blob to be mounted, or for an upload session.
    fn open(&mut self, host: &mut HostMemory, now: Now) -> Step<Uploaded> {
        let too_large = host.capabilities.whole_refused.known(now);
        let small = self.size <= host.profile().small_blob() && too_large.is_none_or(|least| self.size < least);
        let takes_content = host.capabilities.single_post.known(now);
        let mut with_content = small && !self.plain && !self.broken && takes_content != Some(false);
        let mut lead = None;
        if with_content && takes_content.is_none() {
            match host.capabilities.trial.join(host.tokens.calls()) {
                Ok(first) => lead = Some(first),
                Err(_) if self.size <= FIRST_FLIGHT => {}
                Err(_) if self.waited => with_content = false,
                Err(ticket) => {
                    self.waited = true;
                    self.state = State::Waiting(ticket);
                    return Step::Wait(ticket);
                }
            }
        }
        let url = self.opening_url(host, with_content);
        let payload = match with_content {
            true => Payload::Source(Span::new(0, self.size)),
            false => Payload::Empty,
        };
        self.state = State::Opening { lead, with_content };
        carrying(Method::POST, &url, payload).map_or_else(Step::fail, Step::Send)
    }

    fn opening_url(&self, host: &HostMemory, with_content: bool) -> Url {
        let mut url = endpoint::uploads(host.profile().base(), &self.name);
        if !self.plain {
            append_query(&mut url, "mount", &self.digest.to_string());
            append_query(&mut url, "from", self.name.as_str());
        }
        if with_content {
            append_query(&mut url, "digest", &self.digest.to_string());
        }
        let algorithm = self.digest.algorithm();
        if algorithm != Algorithm::SHA256 {
            append_query(&mut url, "digest-algorithm", algorithm.as_str());
        }
        url
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
                let learned = match with_content {
                    true => &mut host.capabilities.single_post,
                    false => &mut host.capabilities.self_mount,
                };
                learned.learn(now, true);
                Step::Done(Ok(if with_content || self.restarted {
                    Uploaded::Stored
                } else {
                    Uploaded::Present
                }))
            }
            StatusCode::ACCEPTED => {
                if with_content {
                    host.capabilities.single_post.learn(now, false);
                }
                if self.plain && !self.regardless {
                    host.capabilities.self_mount.learn(now, false);
                }
                match UploadSession::opened(parts, url) {
                    Ok(session) if self.must_look(host, now) => self.look(host, Found::Before(Some(session))),
                    Ok(session) => self.transfer(host, now, session),
                    Err(error) => Step::fail(error),
                }
            }
            _ => Step::fail(unexpected(parts, url)),
        }
    }

    /// Whether the blob is large enough to be worth a look before it is sent, on a host that has not shown whether it mounts.
    fn must_look(&self, host: &HostMemory, now: Now) -> bool {
        self.size > LARGE_BLOB
            && !self.regardless
            && !self.restarted
            && host.capabilities.self_mount.known(now).is_none()
    }

    fn look(&mut self, host: &HostMemory, found: Found) -> Step<Uploaded> {
        let url = endpoint::blob(host.profile().base(), &self.name, &self.digest);
        match endpoint::request(Method::HEAD, &url, Payload::Empty) {
            Ok(mut request) => {
                request.extensions_mut().insert(Unfollowed);
                self.state = State::Looking(found);
                Step::Send(request)
            }
            Err(error) => Step::fail(error),
        }
    }

    /// What a look gave.
    fn looked(&mut self, host: &mut HostMemory, now: Now, found: Found, there: bool) -> Step<Uploaded> {
        match found {
            Found::After(_) if there => Step::Done(Ok(Uploaded::Stored)),
            Found::After(None) => self.open(host, now),
            Found::After(Some(error)) => Step::fail(*error),
            Found::Before(session) if there => {
                // Had the host mounted, there would have been nothing to look for.
                host.capabilities.self_mount.learn(now, false);
                match session {
                    Some(session) => self.cancel(&session, After::End(Ok(Uploaded::Present))),
                    None => Step::Done(Ok(Uploaded::Present)),
                }
            }
            Found::Before(Some(session)) => self.transfer(host, now, session),
            Found::Before(None) => self.open(host, now),
        }
    }

    fn transfer(&mut self, host: &mut HostMemory, now: Now, session: UploadSession) -> Step<Uploaded> {
        let plan = TransferPlan::of(host, now, self.size, self.broken);
        let mut transfer = Box::new(Transfer::known(session, self.digest.clone(), self.size, plan));
        let act = transfer.proceed(host, now);
        self.act(host, now, transfer, act)
    }

    fn act(&mut self, host: &mut HostMemory, now: Now, transfer: Box<Transfer>, act: Act) -> Step<Uploaded> {
        match act {
            Act::Ended(error) => Step::fail(error),
            Act::Failed(error) => self.cancel(transfer.session(), After::End(Err(error))),
            Act::Misuse => Step::misuse(),
            Act::Over(over) => self.over(host, now, &transfer, over),
            Act::Send(request) => {
                self.state = State::Transferring(transfer);
                Step::Send(request)
            }
            Act::Stored(..) => Step::Done(Ok(Uploaded::Stored)),
        }
    }

    /// A session has come to nothing: another one is opened, once. If all had been sent, the blob may be there and only the answer was lost.
    fn over(&mut self, host: &mut HostMemory, now: Now, transfer: &Transfer, over: Over) -> Step<Uploaded> {
        let last = std::mem::replace(&mut self.restarted, true);
        self.broken |= over.broken;
        match over.gone {
            true if over.whole && !self.regardless => self.look(host, Found::After(last.then(|| Box::new(over.error)))),
            _ if last => self.cancel(transfer.session(), After::End(Err(over.error))),
            true => self.open(host, now),
            false => self.cancel(transfer.session(), After::Open),
        }
    }

    /// The session is of no use any more; tell the registry, and go on whatever it says.
    fn cancel(&mut self, session: &UploadSession, after: After) -> Step<Uploaded> {
        match (session.cancel(), after) {
            (_, After::End(Err(error))) if is_cut_off(&error) => Step::fail(error),
            (Ok(request), after) => {
                self.state = State::Cancelling(after);
                Step::Send(request)
            }
            (Err(_), After::End(outcome)) => Step::Done(outcome),
            (Err(error), After::Open) => Step::fail(error),
        }
    }

    fn opening(&mut self, host: &mut HostMemory, now: Now, with_content: bool, input: Input) -> Step<Uploaded> {
        match input {
            Input::Head { parts, url, .. } => self.opened(host, now, &parts, &url, with_content),
            Input::Interrupted { .. } => self.open(host, now),
            Input::Failed { error, .. } if with_content && error.status() == Some(StatusCode::PAYLOAD_TOO_LARGE) => {
                // That says nothing of mounting. And what is as small as this was not refused for its size, but because it came with a POST.
                if !TransferPlan::whole().shrink(host, now, self.size, 0) {
                    host.capabilities.single_post.learn(now, false);
                }
                self.open(host, now)
            }
            Input::Failed { error, .. } if !self.plain && refuses_mount(&error) => {
                self.plain = true;
                self.open(host, now)
            }
            Input::Failed { error, .. } => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

impl Machine for Upload {
    type Output = Uploaded;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<Uploaded> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.begin(host, now),
            (State::Waiting(ticket), Input::Granted(granted)) if ticket == granted => self.open(host, now),
            (State::Opening { lead, with_content }, input) => {
                let again = matches!(input, Input::Interrupted { .. });
                if again {
                    // It leads anew, if at all.
                    drop(lead);
                    return self.opening(host, now, with_content, input);
                }
                let step = self.opening(host, now, with_content, input);
                drop(lead);
                host.capabilities.trial.sweep(host.tokens.calls());
                step
            }
            (State::Looking(found), Input::Head { parts, .. }) => self.looked(host, now, found, is_there(&parts)),
            // The look was a courtesy: whatever kept it from an answer need not keep the upload from working.
            (State::Looking(found), Input::Failed { .. }) => self.looked(host, now, found, false),
            (State::Transferring(mut transfer), input) => {
                let act = transfer.resume(host, now, input);
                self.act(host, now, transfer, act)
            }
            (State::Cancelling(after), Input::Head { .. } | Input::Failed { .. }) => match after {
                After::End(outcome) => Step::Done(outcome),
                After::Open => self.open(host, now),
            },
            _ => Step::misuse(),
        }
    }

    fn abandon(&mut self, _host: &HostMemory) -> Option<Request<Payload>> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Looking(Found::Before(Some(session))) => session.cancel().ok(),
            State::Transferring(transfer) => transfer.session().cancel().ok(),
            _ => None,
        }
    }
}

/// Whether the refusal may be about the mount rather than about the upload.
fn refuses_mount(error: &Error) -> bool {
    use ErrorKind::{Denied, NotFound, Refused, TooLarge, Unsupported};
    let client_error = error.status().is_some_and(|status| status.is_client_error());
    client_error && matches!(error.kind(), Denied | NotFound | Refused | TooLarge | Unsupported)
}

/// What a new connection carries before it has heard from the other side: 14 KiB, ten segments (RFC 6928).
const FIRST_FLIGHT: u64 = 14 << 10;

/// The size in bytes above which a blob is looked for before it is sent to a host that may not mount: 64 MiB.
const LARGE_BLOB: u64 = 64 << 20;

#[derive(Debug)]
enum State {
    Cancelling(After),
    Ended,
    Fresh,
    Looking(Found),
    Opening { lead: Option<Lead>, with_content: bool },
    Transferring(Box<Transfer>),
    Waiting(Ticket),
}

/// What follows a cancellation.
#[derive(Debug)]
enum After {
    End(Result<Uploaded, Error>),
    Open,
}

/// When a blob is looked for.
#[derive(Debug)]
enum Found {
    /// After all of it was sent into a session that is no longer there; with what to fail with, where that was the last try.
    After(Option<Box<Error>>),
    /// Before anything was sent; with the session, where one is open.
    Before(Option<UploadSession>),
}

#[cfg(test)]
mod tests;
