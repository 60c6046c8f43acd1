mod debug;

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, response};
use oci_spec_types::Digest;
use url::Url;

use super::{Credential, CredentialQuery, HostMemory, Ticket};
use crate::Error;

/// One exchange, or a fixed sequence of them, as a state machine without I/O.
///
/// Whoever drives a machine starts it with [`Input::Start`], performs each [`Step`] and resumes it with the input that the
/// step names, until [`Step::Done`]. A machine reads no clock, opens no socket and draws no random number.
///
/// # Laws
/// Every machine ends within a bounded number of steps for any inputs; answers an input that it did not ask for with
/// `Done(Err(_))` and never with a panic; names a finite limit with every buffer; and takes the same steps for the
/// same inputs.
///
/// # Cancellation
/// A machine may be dropped between any two steps. What it had reserved in the [`HostMemory`] (the right to fetch a
/// token) falls free; call [`HostMemory::sweep`] afterwards so that waiting machines take over.
pub trait Machine {
    /// What a successful run gives.
    type Output;

    /// Takes what the last step asked for and says what to do next.
    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<Self::Output>;

    /// What to send when the machine is about to be dropped half-way, so that nothing of it stays with the registry: an upload that has a session
    /// open cancels it. By default there is nothing.
    ///
    /// The request is a courtesy: it may be sent once, within a finite time, and nothing is made of its answer. The machine is not resumed afterwards.
    fn abandon(&mut self, host: &HostMemory) -> Option<Request<Payload>> {
        let _ = host;
        None
    }
}

/// The time, passed in with every call: machines read no clock.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct Now {
    /// Time since some fixed moment; never goes back.
    pub monotonic: Duration,
    /// Time since 1970-01-01T00:00:00Z by the wall clock; only used to read dates that a server sends.
    pub unix: Duration,
}

impl Now {
    /// A moment on both clocks.
    pub const fn new(monotonic: Duration, unix: Duration) -> Self {
        Self { monotonic, unix }
    }
}

/// What a request carries. Its `Debug` tells how much that is and not what: it may be a password on its way to a token endpoint.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// These bytes.
    Bytes(Bytes),
    /// Nothing.
    Empty,
    /// A part of the blob that is being uploaded, which the machine never sees.
    Source(Span),
}

impl Payload {
    /// The length in bytes, where it is known.
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Empty => Some(0),
            Self::Source(span) => span.len,
        }
    }

    /// Whether the length is known to be zero.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
}

/// A place in a blob.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Number of bytes; `None`: all that follow, however many. The request then has no `Content-Length`.
    pub len: Option<u64>,
}

impl Span {
    /// `len` bytes from `start`.
    pub const fn new(start: u64, len: u64) -> Self {
        Self { start, len: Some(len) }
    }

    /// Everything from `start` on.
    pub const fn from(start: u64) -> Self {
        Self { start, len: None }
    }
}

/// How much of a request's payload was handed to the connection.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Sent {
    /// The digest of the whole content, from its first byte, where the payload went on to the end of a content whose length was not known
    /// ([`Span::from`]), or ended short of a payload of known length, of which nothing was sent then; `None` as long as that end has not been reached.
    pub digest: Option<Digest>,
    /// Number of bytes of this payload; the server may have received fewer. Where the content ended short of the payload: how many there are.
    pub len: u64,
}

impl Sent {
    /// `len` bytes went up.
    pub const fn new(len: u64) -> Self {
        Self { digest: None, len }
    }

    /// The content has ended, and this is its digest.
    #[must_use]
    pub fn with_digest(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }
}

/// What happened: the answer to the last [`Step`].
#[non_exhaustive]
pub enum Input {
    /// The whole body, after [`Step::Buffer`].
    Body(Bytes),
    /// After [`Step::Receive`]: the body broke off after `len` bytes had been passed on.
    Broken {
        /// Bytes passed on to the reader by this step.
        len: u64,
        /// What broke it.
        error: Error,
    },
    /// After [`Step::Ask`]: what the credential source has; `None`: nothing, be anonymous.
    Credential(Option<Credential>),
    /// After [`Step::Send`], [`Step::Buffer`] or [`Step::Ask`]: it failed.
    ///
    /// A machine inside a [`Session`](super::Session) also gets this for a refusal (any status from 400) that is not worth
    /// another try.
    Failed {
        /// What failed.
        error: Error,
        /// What had been sent of the payload by then.
        sent: Sent,
    },
    /// After [`Step::Wait`]: the ticket was called.
    Granted(Ticket),
    /// After [`Step::Send`]: the head of the response.
    ///
    /// A machine inside a [`Session`](super::Session) also gets this after [`Step::Buffer`], when the body broke off and the request was repeated.
    Head {
        /// Status and header fields.
        parts: response::Parts,
        /// The URL that answered; `Location` and `Link` are resolved against it.
        url: Url,
        /// What went up.
        sent: Sent,
    },
    /// Only from a [`Session`](super::Session) to the machine inside it: a request whose payload is a [`Payload::Source`] failed in a way that is worth
    /// another try, and the pause before it is over; or the registry has asked for authorization after content had been sent. The machine decides from where to go on.
    Interrupted {
        /// What had been sent of the payload by then.
        sent: Sent,
    },
    /// After [`Step::Receive`]: the body ended after `len` bytes. A `len` above the step's limit says that it went on past the
    /// limit; the surplus was not passed on.
    Received {
        /// Bytes in the body.
        len: u64,
    },
    /// The first input.
    Start,
    /// After [`Step::Sleep`]: the time has passed.
    Woken,
}

/// What to do next. Exhaustive on purpose: whoever drives a machine by hand must handle every one.
#[expect(clippy::exhaustive_enums, reason = "a driver that misses a step cannot work")]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one step at a time; a box would be in every driver's way"
)]
#[must_use]
pub enum Step<T> {
    /// Ask the credential source; resume with [`Input::Credential`] or, if the source itself failed, [`Input::Failed`].
    Ask(CredentialQuery),
    /// Read the response body, which must not be longer than `limit` bytes; resume with [`Input::Body`] or [`Input::Failed`].
    Buffer {
        /// The longest body to accept, in bytes.
        limit: usize,
    },
    /// The machine has ended. Resuming it again gives an error.
    Done(Result<T, Error>),
    /// Pass the response body on to the reader; resume with [`Input::Received`] or [`Input::Broken`].
    Receive {
        /// The offset in the blob of the body's first byte. It may lie before what the reader has already: then skip that much.
        at: u64,
        /// The most bytes to pass on.
        limit: u64,
    },
    /// Perform the request, whose URI is absolute, without following redirects; resume with [`Input::Head`] or [`Input::Failed`]. A response body that no
    /// later step asks for is dropped.
    Send(Request<Payload>),
    /// Let this much time pass; resume with [`Input::Woken`].
    Sleep(Duration),
    /// Another machine is doing what this one needs. Resume with [`Input::Granted`] once [`HostMemory::called`] names the ticket, or after [`Ticket::PATIENCE`].
    Wait(Ticket),
}

impl<T> Step<T> {
    /// What becomes of the result, where this is the end; every other step as it is.
    pub(crate) fn and_then<U>(self, then: impl FnOnce(T) -> Result<U, Error>) -> Step<U> {
        match self.ended() {
            ControlFlow::Break(result) => Step::Done(result.and_then(then)),
            ControlFlow::Continue(step) => step,
        }
    }

    /// The result, where this is the end; else the step, for the machine around the one that took it.
    pub(crate) fn ended<U>(self) -> ControlFlow<Result<T, Error>, Step<U>> {
        ControlFlow::Continue(match self {
            Self::Ask(query) => Step::Ask(query),
            Self::Buffer { limit } => Step::Buffer { limit },
            Self::Done(result) => return ControlFlow::Break(result),
            Self::Receive { at, limit } => Step::Receive { at, limit },
            Self::Send(request) => Step::Send(request),
            Self::Sleep(duration) => Step::Sleep(duration),
            Self::Wait(ticket) => Step::Wait(ticket),
        })
    }

    /// `Done` with an error.
    pub(crate) fn fail(error: impl Into<Error>) -> Self {
        Self::Done(Err(error.into()))
    }

    /// The end of a machine that was resumed with something that it had not asked for.
    pub(crate) fn misuse() -> Self {
        Self::fail(Error::misuse(
            "a state machine was resumed with an input that its last step did not ask for",
        ))
    }
}
