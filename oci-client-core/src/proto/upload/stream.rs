use http::{Method, Request, StatusCode, response};
use oci_spec_types::{Descriptor, MediaType, RepositoryName};

use super::session::{UploadSession, carrying};
use super::transfer::{Act, Over, Transfer, TransferPlan};
use crate::proto::HostMemory;
use crate::proto::endpoint;
use crate::proto::machine::{Input, Machine, Now, Payload, Step};
use crate::proto::reply::unexpected;
use crate::proto::session::Unfollowed;
use crate::{Error, ErrorKind};

/// Stores content whose length and digest nobody knows before it has ended ([spec, "Pushing a blob in chunks"]).
///
/// ```text
/// Start ── POST ──► 202 ── PATCH, chunked coding, no Content-Range ──► 202 ── PUT ?digest ──► 201 ──► Done(Descriptor)
///                            │ ▲ the rest, where the session
///                Interrupted ▼ │ has kept what went before
///                           GET ─► Range        (404 after all of it was sent: HEAD the blob, the answer may have been lost)
/// ```
///
/// Where the host is known to take no more than so much at a time, or refuses the PATCH as too large while what was sent of it is still held, parts of known length
/// are cut from the content:
///
/// ```text
/// … 202 ── PATCH, Content-Range, as often as there is more ──► 202 ── the content has ended within the next part: the rest of it ──► 202 ── PUT ?digest ──► 201 ──► Done(Descriptor)
///       └─ the content has ended within the first part ── PUT ?digest, all of it ──► 201 ──► Done(Descriptor)
/// ```
///
/// The POST settles authorization before any content is read. Whoever drives the machine sends what its payloads ([`Span::from`](crate::proto::Span::from)) name in chunked coding, hashes the content
/// on the way, and says with [`Sent`](crate::proto::Sent) when it has ended and what its digest is. A payload may begin before the end of the last one: content that is read once only has to be held for a while, and
/// if it is not held any more, the driver answers with [`Input::Failed`]. Before it sends a payload of known length, it reads that much; where the content ends before, it sends nothing and answers with [`Input::Failed`] and a
/// [`Sent`](crate::proto::Sent) that has the digest and says how much there is from the payload's beginning on.
///
/// [spec, "Pushing a blob in chunks"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
#[derive(Debug)]
pub struct UploadStream {
    media_type: MediaType,
    name: RepositoryName,
    restarted: bool,
    state: State,
}

impl UploadStream {
    /// How much of what it has read a driver holds at least, in bytes: 16 MiB. No part is larger. Where the registry allows no parts as small as that, the content goes up in one request only.
    pub const HELD: u64 = 16 << 20;

    /// Stores the content in the repository `name` and describes it as `media_type`.
    pub const fn new(name: RepositoryName, media_type: MediaType) -> Self {
        Self {
            media_type,
            name,
            restarted: false,
            state: State::Fresh,
        }
    }

    fn open(&mut self, host: &HostMemory) -> Step<Descriptor> {
        let url = endpoint::uploads(host.profile().base(), &self.name);
        self.state = State::Opening;
        carrying(Method::POST, &url, Payload::Empty).map_or_else(Step::fail, Step::Send)
    }

    fn act(&mut self, host: &HostMemory, transfer: Box<Transfer>, act: Act) -> Step<Descriptor> {
        match act {
            Act::Ended(error) => Step::fail(error),
            Act::Failed(error) => self.cancel(transfer.session(), Some(error)),
            Act::Misuse => Step::misuse(),
            Act::Over(over) => self.over(host, &transfer, over),
            Act::Send(request) => {
                self.state = State::Transferring(transfer);
                Step::Send(request)
            }
            Act::Stored(digest, size) => Step::Done(Ok(Descriptor::new(self.media_type.clone(), digest, size))),
        }
    }

    /// A session has come to nothing. If all of the content had been sent, the blob may be there and only the answer was lost.
    fn over(&mut self, host: &HostMemory, transfer: &Transfer, over: Over) -> Step<Descriptor> {
        match transfer.content().filter(|_| over.gone && over.whole) {
            Some((digest, size)) => {
                let descriptor = Descriptor::new(self.media_type.clone(), digest, size);
                self.look(host, descriptor, over.error)
            }
            None if over.gone => self.again(host, over.error),
            None => {
                let last = std::mem::replace(&mut self.restarted, true);
                self.cancel(transfer.session(), last.then_some(over.error))
            }
        }
    }

    /// Opens another session, once. Whether the content can be read once more from its beginning is for the driver to say.
    fn again(&mut self, host: &HostMemory, error: Error) -> Step<Descriptor> {
        match std::mem::replace(&mut self.restarted, true) {
            true => Step::fail(error),
            false => self.open(host),
        }
    }

    fn look(&mut self, host: &HostMemory, descriptor: Descriptor, error: Error) -> Step<Descriptor> {
        let url = endpoint::blob(host.profile().base(), &self.name, &descriptor.digest);
        match endpoint::request(Method::HEAD, &url, Payload::Empty) {
            Ok(mut request) => {
                request.extensions_mut().insert(Unfollowed);
                self.state = State::Looking(Box::new((descriptor, error)));
                Step::Send(request)
            }
            Err(error) => Step::fail(error),
        }
    }

    /// Gives the session up; then fails, or opens another one.
    fn cancel(&mut self, session: &UploadSession, error: Option<Error>) -> Step<Descriptor> {
        match (session.cancel(), error) {
            (_, Some(error)) if is_cut_off(&error) => Step::fail(error),
            (Ok(request), error) => {
                self.state = State::Cancelling(error);
                Step::Send(request)
            }
            (Err(_), Some(error)) | (Err(error), None) => Step::fail(error),
        }
    }
}

impl Machine for UploadStream {
    type Output = Descriptor;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<Descriptor> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.open(host),
            (State::Opening, Input::Head { parts, url, .. }) if parts.status == StatusCode::ACCEPTED => {
                match UploadSession::opened(&parts, &url) {
                    Ok(session) => {
                        let mut transfer = Box::new(Transfer::streamed(session, TransferPlan::of_stream(host, now)));
                        let act = transfer.proceed(host, now);
                        self.act(host, transfer, act)
                    }
                    Err(error) => Step::fail(error),
                }
            }
            (State::Opening, Input::Head { parts, url, .. }) => Step::fail(unexpected(&parts, &url)),
            (State::Opening, Input::Failed { error, .. }) => Step::fail(error),
            (State::Transferring(mut transfer), input) => {
                let act = transfer.resume(host, now, input);
                self.act(host, transfer, act)
            }
            (State::Cancelling(error), Input::Head { .. } | Input::Failed { .. }) => match error {
                Some(error) => Step::fail(error),
                None => self.open(host),
            },
            (State::Looking(looking), Input::Head { parts, .. }) => {
                let (descriptor, error) = *looking;
                match is_there(&parts) {
                    true => Step::Done(Ok(descriptor)),
                    false => self.again(host, error),
                }
            }
            (State::Looking(looking), Input::Failed { .. }) => self.again(host, looking.1),
            _ => Step::misuse(),
        }
    }

    fn abandon(&mut self, _host: &HostMemory) -> Option<Request<Payload>> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Transferring(transfer) => transfer.session().cancel().ok(),
            _ => None,
        }
    }
}

/// Whether the answer to a HEAD says that the blob is there. A redirect leads to where it is.
pub(super) fn is_there(parts: &response::Parts) -> bool {
    parts.status == StatusCode::OK || parts.status.is_redirection()
}

/// Whether there is no connection to send anything more on.
pub(super) fn is_cut_off(error: &Error) -> bool {
    error.transport().is_some() && error.kind() != ErrorKind::Store
}

#[derive(Debug)]
enum State {
    Cancelling(Option<Error>),
    Ended,
    Fresh,
    /// For what all of the content makes up; with what to fail with if it is not there.
    Looking(Box<(Descriptor, Error)>),
    Opening,
    Transferring(Box<Transfer>),
}

#[cfg(test)]
mod tests;
