use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{Request, Response};
use tracing::{Instrument, Span};
use url::Url;

use super::Shared;
use super::content::Content;
use super::held::Held;
use super::lanes::Place;
use super::one_shot::OneShot;
use super::outgoing::{Outgoing, Progress};
use super::site::Site;
use super::traced::Attempt;
use crate::Error;
use crate::proto::{Input, Machine, Payload, Sent, Step, Ticket, TransportError, TransportErrorKind};
use crate::runtime::Runtime;
use crate::transport::{Body, Transport};

/// Performs what a machine asks for, until it is done or has bytes for a reader.
///
/// Dropping it abandons the exchange under way and lets others take over what the machine had reserved.
pub(super) struct Driver<M: Machine> {
    answered: Option<Url>,
    /// Where the operation ended.
    ended: Option<Arc<Site>>,
    machine: Option<Held<M>>,
    outgoing: Outgoing,
    place: Option<Place>,
    response: Option<Body>,
    shared: Arc<Shared>,
    span: Span,
}

/// Why a driver returns.
pub(super) enum Pause<T> {
    Done(Result<T, Error>),
    /// The machine wants the body passed on, as the bytes from `at`, at most `limit` of them.
    Receive {
        at: u64,
        limit: u64,
    },
}

impl<M: Machine> Driver<M> {
    /// Drives `machine`, whose requests and pauses are traced in `span`.
    pub(super) fn new(shared: Arc<Shared>, machine: Held<M>, span: Span) -> Self {
        Self {
            answered: None,
            ended: None,
            machine: Some(machine),
            outgoing: Outgoing::default(),
            place: None,
            response: None,
            shared,
            span,
        }
    }

    /// The content that the machine's payloads are parts of.
    pub(super) fn with_content(mut self, content: Arc<dyn Content>) -> Self {
        self.outgoing = Outgoing::new(content);
        self
    }

    /// The same for content that can be read once.
    pub(super) fn with_one_shot(mut self, content: Arc<OneShot>) -> Self {
        self.outgoing = Outgoing::one_shot(content);
        self
    }

    pub(super) fn runtime(&self) -> Arc<dyn Runtime> {
        self.shared.runtime.clone()
    }

    /// Runs a machine that has nothing for a reader.
    pub(super) async fn run(mut self) -> Result<M::Output, Error> {
        match self.advance(Input::Start).await {
            Pause::Done(result) => result.map_err(|error| self.outgoing.failure_or(error)),
            Pause::Receive { .. } => Err(Error::misuse("this machine has bytes for a reader that nobody reads")),
        }
    }

    /// Drives the machine until it is done or wants a body passed on. A future that is dropped before takes the machine along, so that nobody waits
    /// for what it had begun.
    pub(super) async fn advance(&mut self, input: Input) -> Pause<M::Output> {
        let span = self.span.clone();
        self.drive(input).instrument(span).await
    }

    async fn drive(&mut self, mut input: Input) -> Pause<M::Output> {
        let Some(mut held) = self.machine.take() else {
            return Pause::Done(Err(Error::misuse("the operation has ended, or was abandoned half-way")));
        };
        loop {
            let (step, called) = held.resume(self.shared.runtime.now(), input);
            if matches!(step, Step::Ask(_) | Step::Send(_) | Step::Sleep(_) | Step::Wait(_)) {
                // Whatever this waits for may need the connection, or the place among the requests to the host.
                self.hang_up();
            }
            input = match step {
                Step::Ask(query) => match self.shared.credentials.credential(&query).await {
                    Ok(credential) => Input::Credential(credential),
                    Err(error) => Input::Failed {
                        error,
                        sent: Sent::default(),
                    },
                },
                Step::Buffer { limit } => match self.buffer(limit).await {
                    Ok(body) => Input::Body(body),
                    Err(error) => Input::Failed {
                        error: error.into(),
                        sent: Sent::default(),
                    },
                },
                Step::Done(result) => {
                    self.ended = held.site().cloned();
                    return Pause::Done(result);
                }
                Step::Receive { at, limit } => {
                    self.machine = Some(held);
                    return Pause::Receive { at, limit };
                }
                Step::Send(request) => self.send(&held, request).await,
                Step::Sleep(duration) => {
                    self.shared.runtime.sleep(duration).await;
                    Input::Woken
                }
                Step::Wait(ticket) => {
                    if let Some(called) = called {
                        // Whoever is waited for may not be polled any more: after a while it is worth another look.
                        select(called, self.shared.runtime.sleep(Ticket::PATIENCE)).await;
                    }
                    Input::Granted(ticket)
                }
            };
        }
    }

    /// The next piece of the response body.
    pub(super) async fn chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        let body = self.response.as_mut()?;
        let sleep = self.shared.runtime.sleep(self.shared.timeouts.idle());
        let chunk = match select(std::pin::pin!(body.chunk()), sleep).await {
            Either::Left((chunk, _)) => chunk,
            Either::Right(_) => Some(Err(stalled("the body", self.shared.timeouts.idle()))),
        };
        if chunk.is_none() {
            self.place = None;
        }
        chunk
    }

    /// Where the last answer came from, which may be where the endpoint redirects to.
    pub(super) const fn answered(&self) -> Option<&Url> {
        self.answered.as_ref()
    }

    /// The endpoint where the operation ended.
    pub(super) const fn ended(&self) -> Option<&Arc<Site>> {
        self.ended.as_ref()
    }

    /// Remembers that what this endpoint sent was not what it should have been.
    pub(super) fn distrust(&self, error: &Error) {
        if let Some(site) = &self.ended {
            site.host().note(self.shared.runtime.now(), Some(error));
        }
    }

    /// Adds to an error that the response in hand is at fault.
    pub(super) fn blame(&self, error: Error) -> Error {
        match &self.answered {
            Some(url) => error.at(url),
            None => error,
        }
    }

    /// Lets go of the response, and with it of a connection with unread bytes on it.
    pub(super) fn hang_up(&mut self) {
        self.response = None;
        self.place = None;
    }

    async fn buffer(&mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut whole: Vec<u8> = Vec::new();
        let mut first: Option<Bytes> = None;
        while let Some(chunk) = self.chunk().await.transpose()? {
            let held = first.as_ref().map_or(0, Bytes::len).saturating_add(whole.len());
            if held.saturating_add(chunk.len()) > limit {
                self.hang_up();
                let message = format!("the body is longer than {limit} bytes");
                return Err(TransportError::new(TransportErrorKind::TooLarge, message));
            }
            match first.take() {
                None if whole.is_empty() => first = Some(chunk),
                held => {
                    whole.extend_from_slice(&held.unwrap_or_default());
                    whole.extend_from_slice(&chunk);
                }
            }
        }
        self.hang_up();
        Ok(first.unwrap_or_else(|| whole.into()))
    }

    async fn send(&mut self, held: &Held<M>, request: Request<Payload>) -> Input {
        let uploads = matches!(request.body(), Payload::Source(_));
        let progress = Arc::new(Progress::new(self.shared.runtime.clone()));
        let url = match Url::parse(&request.uri().to_string()) {
            Ok(url) => url,
            Err(error) => {
                return failed(
                    Error::misuse("a machine sends to no URL").with_source(error),
                    Sent::default(),
                );
            }
        };
        // What belongs to an endpoint concerns its own origin alone: not what it redirects to, nor a token realm elsewhere.
        let site = held.site().filter(|site| site.is_at(&url));
        let transport = match self.shared.transport(site, &url) {
            Ok(transport) => transport,
            Err(error) => return failed(error, Sent::default()),
        };
        match self.outgoing.gather(request.body()).await {
            Ok(None) => {}
            Ok(Some(short)) => {
                let ended = TransportError::new(TransportErrorKind::Source, "it has ended");
                return failed(ended.into(), short);
            }
            Err(error) => return failed(error, Sent::default()),
        }
        if let Some(site) = site {
            self.place = site.enter(uploads).await;
        }
        let request = match self.outgoing.attach(request, &progress).await {
            Ok(request) => request,
            Err(error) => return failed(error, Sent::default()),
        };
        let attempt = Attempt::new(&request, &url, self.shared.runtime.now());
        let answer = exchange(&self.shared, &*transport, request, &progress).await;
        attempt.trace(&answer, self.shared.runtime.now());
        let sent = self.outgoing.sent(&progress);
        match answer {
            Ok(_) if self.outgoing.has_failed() => {
                let error = TransportError::new(TransportErrorKind::Source, "it failed before the server answered");
                failed(error.into(), sent)
            }
            Ok(response) => {
                let (parts, body) = response.into_parts();
                self.response = Some(body);
                self.answered = Some(url.clone());
                Input::Head { parts, url, sent }
            }
            Err(error) => failed(error.into(), sent),
        }
    }
}

/// Waits for the head. The clock starts anew whenever some of the content has gone out, and stands still while the content itself keeps the
/// request waiting. A server that has all of it may take longer: it has to check and to store it.
async fn exchange(
    shared: &Shared,
    transport: &dyn Transport,
    request: Request<Body>,
    progress: &Progress,
) -> Result<Response<Body>, TransportError> {
    let mut exchange = transport.send(request);
    let mut left = shared.timeouts.head();
    loop {
        match select(exchange, shared.runtime.sleep(left)).await {
            Either::Left((response, _)) => return response,
            Either::Right(((), unfinished)) => {
                let timeout = if progress.is_complete() {
                    shared.timeouts.commit()
                } else {
                    shared.timeouts.head()
                };
                left = if progress.is_waiting() {
                    timeout
                } else {
                    timeout.saturating_sub(progress.idle())
                };
                if left.is_zero() {
                    return Err(stalled("the server's answer", timeout));
                }
                exchange = unfinished;
            }
        }
    }
}

fn failed(error: Error, sent: Sent) -> Input {
    Input::Failed { error, sent }
}

fn stalled(what: &str, timeout: Duration) -> TransportError {
    TransportError::new(
        TransportErrorKind::Timeout,
        format!("nothing of {what} came for {timeout:?}"),
    )
}
