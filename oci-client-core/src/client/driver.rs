use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use http::{Request, Response};
use url::Url;

use super::content::Content;
use super::{Host, Shared};
use crate::Error;
use crate::proto::{Input, Machine, Operation, Payload, Sent, Session, Span, Step, TransportError, TransportErrorKind};
use crate::runtime::Runtime;
use crate::transport::Body;

/// Performs what a machine asks for, until it is done or has bytes for a reader.
///
/// Dropping it abandons the exchange under way and lets others take over what the machine had reserved.
pub(super) struct Driver<M: Machine> {
    answered: Option<Url>,
    content: Option<Arc<dyn Content>>,
    host: Arc<Host>,
    machine: Option<Session<M>>,
    response: Option<Body>,
    shared: Arc<Shared>,
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
    pub(super) fn new(shared: Arc<Shared>, host: Arc<Host>, machine: M, operation: Operation) -> Self {
        Self {
            answered: None,
            content: None,
            host,
            machine: Some(Session::new(machine, operation)),
            response: None,
            shared,
        }
    }

    /// The content that the machine's payloads are parts of.
    pub(super) fn with_content(mut self, content: Arc<dyn Content>) -> Self {
        self.content = Some(content);
        self
    }

    pub(super) fn runtime(&self) -> Arc<dyn Runtime> {
        self.shared.runtime.clone()
    }

    /// Runs a machine that has nothing for a reader.
    pub(super) async fn run(mut self) -> Result<M::Output, Error> {
        match self.advance(Input::Start).await {
            Pause::Done(result) => result,
            Pause::Receive { .. } => Err(Error::misuse("this machine has bytes for a reader that nobody reads")),
        }
    }

    pub(super) async fn advance(&mut self, mut input: Input) -> Pause<M::Output> {
        loop {
            let Some(machine) = &mut self.machine else {
                return Pause::Done(Err(Error::misuse("the operation has ended")));
            };
            let (step, called) = self.host.resume(machine, self.shared.runtime.now(), input);
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
                Step::Done(result) => return Pause::Done(result),
                Step::Receive { at, limit } => return Pause::Receive { at, limit },
                Step::Send(request) => self.send(request).await,
                Step::Sleep(duration) => {
                    self.shared.runtime.sleep(duration).await;
                    Input::Woken
                }
                Step::Wait(ticket) => {
                    if let Some(called) = called {
                        // An error means that the host's memory is gone, and with it whoever was waited for.
                        let _ = called.await;
                    }
                    Input::Granted(ticket)
                }
            };
        }
    }

    /// The next piece of the response body.
    pub(super) async fn chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        let body = self.response.as_mut()?;
        let sleep = self.shared.runtime.sleep(self.shared.timeouts.idle);
        match select(std::pin::pin!(body.chunk()), sleep).await {
            Either::Left((chunk, _)) => chunk,
            Either::Right(_) => Some(Err(stalled("the body", self.shared.timeouts.idle))),
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
        self.response = None;
        Ok(first.unwrap_or_else(|| whole.into()))
    }

    async fn send(&mut self, request: Request<Payload>) -> Input {
        self.response = None;
        let moved = Arc::new(AtomicU64::new(0));
        let sent = |moved: &AtomicU64| Sent::new(moved.load(Ordering::Relaxed));
        let url = match Url::parse(&request.uri().to_string()) {
            Ok(url) => url,
            Err(error) => {
                return failed(
                    Error::misuse("a machine sends to no URL").with_source(error),
                    Sent::default(),
                );
            }
        };
        let request = match with_body(request, self.content.as_ref(), &moved).await {
            Ok(request) => request,
            Err(error) => return failed(error, Sent::default()),
        };
        tracing::debug!(method = %request.method(), url = crate::redact::shown_url(&url), "request");
        match exchange(&self.shared, request, &moved).await {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                tracing::debug!(status = parts.status.as_u16(), "response");
                self.response = Some(body);
                self.answered = Some(url.clone());
                Input::Head {
                    parts,
                    url,
                    sent: sent(&moved),
                }
            }
            Err(error) => failed(error.into(), sent(&moved)),
        }
    }
}

impl<M: Machine> Drop for Driver<M> {
    fn drop(&mut self) {
        self.machine = None;
        self.host.sweep();
    }
}

/// Waits for the head. The clock starts anew whenever some of the payload has gone out.
async fn exchange(
    shared: &Shared,
    request: Request<Body>,
    moved: &AtomicU64,
) -> Result<Response<Body>, TransportError> {
    let timeout = shared.timeouts.head;
    let mut exchange = shared.transport.send(request);
    let mut seen = moved.load(Ordering::Relaxed);
    loop {
        match select(exchange, shared.runtime.sleep(timeout)).await {
            Either::Left((response, _)) => return response,
            Either::Right(((), unfinished)) => {
                let now = moved.load(Ordering::Relaxed);
                if now == seen {
                    return Err(stalled("the server's answer", timeout));
                }
                seen = now;
                exchange = unfinished;
            }
        }
    }
}

async fn with_body(
    request: Request<Payload>,
    content: Option<&Arc<dyn Content>>,
    moved: &Arc<AtomicU64>,
) -> Result<Request<Body>, Error> {
    let (parts, payload) = request.into_parts();
    let body = match payload {
        Payload::Bytes(bytes) => Body::from(bytes),
        Payload::Empty => Body::empty(),
        Payload::Source(span) => open(content, span, moved.clone()).await?,
    };
    Ok(Request::from_parts(parts, body))
}

/// The part of the content that a request carries; `moved` counts what has gone out.
async fn open(content: Option<&Arc<dyn Content>>, span: Span, moved: Arc<AtomicU64>) -> Result<Body, Error> {
    let Some(content) = content else {
        return Err(Error::misuse("a machine sends content that it was not given"));
    };
    let chunks = content.open(span).await?;
    let counted = chunks.map(move |chunk| match chunk {
        Ok(chunk) => {
            moved.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            Ok(chunk)
        }
        Err(error) => Err(TransportError::new(TransportErrorKind::Source, error)),
    });
    Ok(Body::from_stream(counted, span.len))
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
