//! What every request needs, around any machine, in one fixed order: authorization, redirects, retry and pacing.
//!
//! ```text
//!            machine: Send                     ┌────────── 401 of the registry ◄─┐
//!  Start ──► ─────────────► pacing ─► authorize ─► Send ─► Head ─┬─ 3xx ─► redirect ─► Send
//!            ◄───────────────────────────────────────────────────┼─ 2xx
//!              Head, Body, Received                              └─ 4xx, 5xx ─► Buffer ─┬─► pause ─► Send (or Interrupted)
//!            ◄──────────────────────────────────────────────────────────────────────────┘
//!              Failed: not worth another try
//! ```
//!
//! The machine inside sees only what concerns its operation: heads below 400, failures that are final, and, where the payload is
//! not in the request itself, [`Input::Interrupted`].

mod answer;
mod authorize;
mod configured;
mod exchange;
mod operation;
mod redirect;
mod retry;

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, Request, response};
use url::Url;

use self::authorize::{Authorization, Authorizer};
use self::exchange::Exchange;
use self::retry::{Next, Tries};
use super::machine::{Input, Machine, Now, Payload, Sent, Step};
use super::{HostMemory, TransportError, TransportErrorKind};
use crate::{Error, ErrorKind};

pub use self::operation::Operation;

pub(crate) use self::redirect::Unfollowed;
pub(crate) use self::retry::{Advanced, Unrepeated};

/// A machine together with what every request needs.
///
/// # Cancellation
/// As for every [`Machine`]: drop it between two steps, then call [`HostMemory::sweep`].
pub struct Session<M> {
    authorizer: Authorizer,
    exchange: Option<Exchange>,
    machine: M,
    name: &'static str,
    state: State,
    tries: Tries,
}

impl<M: Machine> Session<M> {
    /// Wraps `machine` for one run of `operation`.
    pub fn new(machine: M, operation: Operation) -> Self {
        Self {
            authorizer: Authorizer::new(operation.query, operation.scopes),
            exchange: None,
            machine,
            name: operation.name,
            state: State::Relaying,
            tries: Tries::default(),
        }
    }

    fn advance(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<M::Output> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Relaying, input) => self.relay(host, now, input),
            (State::Authorizing, input) => {
                let authorization = self.authorizer.resume(host, now, input);
                self.authorized(host, now, authorization)
            }
            (State::Sent(url), Input::Head { parts, sent, .. }) => self.head(host, now, parts, url, sent),
            (State::Sent(_), Input::Failed { error, sent }) => self.failed(host, now, error, sent),
            (State::Refused(refused), Input::Body(body)) => self.refused(host, now, *refused, &body),
            (State::Refused(refused), Input::Failed { .. }) => self.refused(host, now, *refused, &[]),
            (State::Buffering, Input::Failed { error, sent }) => self.failed(host, now, error, sent),
            (State::Buffering, input @ Input::Body(_)) => {
                self.tries.succeeded();
                self.relay(host, now, input)
            }
            (State::Receiving { limit }, input) => self.received(host, now, limit, input),
            (State::Pausing(next), Input::Woken) => self.proceed(host, now, next),
            _ => Step::misuse(),
        }
    }

    /// Hands `input` to the machine and takes its next step up.
    fn relay(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<M::Output> {
        let input = match input {
            Input::Failed { error, sent } => Input::Failed {
                error: error.after(self.tries.attempts().to_vec()),
                sent,
            },
            input => input,
        };
        let step = self.machine.resume(host, now, input);
        match &step {
            Step::Ask(_) | Step::Sleep(_) | Step::Wait(_) => self.state = State::Relaying,
            Step::Buffer { .. } => self.state = State::Buffering,
            Step::Done(_) => self.state = State::Ended,
            Step::Receive { limit, .. } => self.state = State::Receiving { limit: *limit },
            Step::Send(_) => {}
        }
        match step {
            Step::Send(request) => match Exchange::new(request) {
                Ok(exchange) => {
                    if exchange.advances() {
                        self.tries.succeeded();
                    }
                    self.exchange = Some(exchange);
                    self.send(host, now)
                }
                Err(error) => Step::fail(error),
            },
            other => other,
        }
    }

    /// Sends the exchange in hand, from the machine's own URL, once pacing and authorization allow it.
    fn send(&mut self, host: &mut HostMemory, now: Now) -> Step<M::Output> {
        if let Some(left) = host.pause_left(now) {
            self.state = State::Pausing(Next::Send);
            return Step::Sleep(left);
        }
        let authorization = self.authorizer.prepare(host, now);
        self.authorized(host, now, authorization)
    }

    fn authorized(&mut self, host: &mut HostMemory, now: Now, authorization: Authorization) -> Step<M::Output> {
        self.state = State::Authorizing;
        match authorization {
            Authorization::Again => self.send(host, now),
            Authorization::Ask(query) => Step::Ask(query),
            Authorization::Buffer { limit } => Step::Buffer { limit },
            Authorization::Failed(error) => match self.again_after(host, now, &error) {
                Some(pause) => self.pause(host, now, pause, Next::Send),
                None => self.unauthorized(host, now, error),
            },
            Authorization::Ready(value) => self.emit(host, value),
            Authorization::Send(request) => Step::Send(*request),
            Authorization::Unanswered(error) => self.unauthorized(host, now, error),
            Authorization::Wait(ticket) => Step::Wait(ticket),
        }
    }

    /// There is nothing to send the request with, and nothing left to try.
    fn unauthorized(&mut self, host: &mut HostMemory, now: Now, error: Error) -> Step<M::Output> {
        if error.kind() == ErrorKind::Misuse {
            return Step::fail(error);
        }
        let sent = Sent::default();
        self.relay(host, now, Input::Failed { error, sent })
    }

    /// Puts the request on the wire. The credential goes along only where it belongs: to the registry's own origin.
    fn emit(&mut self, host: &HostMemory, authorization: Option<HeaderValue>) -> Step<M::Output> {
        let Some(exchange) = &mut self.exchange else {
            return Step::misuse();
        };
        let request = match exchange.request_for(host.profile(), authorization) {
            Ok(request) => request,
            Err(error) => return Step::fail(error),
        };
        self.state = State::Sent(exchange.url.clone());
        Step::Send(request)
    }

    /// No response, or a buffered body that broke off.
    fn failed(&mut self, host: &mut HostMemory, now: Now, error: Error, sent: Sent) -> Step<M::Output> {
        let error = match &self.exchange {
            Some(exchange) => error.at(&exchange.url),
            None => error,
        };
        match self.again_after(host, now, &error) {
            Some(pause) => self.again(host, now, pause, sent),
            None => self.relay(host, now, Input::Failed { error, sent }),
        }
    }

    /// A body passed on to the reader has ended. One that ended early is as good as broken.
    fn received(&mut self, host: &mut HostMemory, now: Now, limit: u64, input: Input) -> Step<M::Output> {
        let (len, error, broken) = match input {
            // Every byte is there, whatever became of the connection afterwards.
            Input::Received { len } | Input::Broken { len, .. } if len >= limit => {
                self.tries.succeeded();
                return self.relay(host, now, Input::Received { len });
            }
            Input::Received { len } => {
                let error = TransportError::new(TransportErrorKind::Body, "it ended early");
                (len, error.into(), false)
            }
            Input::Broken { len, error } => (len, error, true),
            _ => return Step::misuse(),
        };
        self.tries.progressed(len, limit);
        match self.again_after(host, now, &error) {
            Some(pause) => self.pause(host, now, pause, Next::Broken { len, error }),
            None if broken => {
                let sent = Sent::default();
                self.relay(host, now, Input::Failed { error, sent })
            }
            // The machine says best what is missing of a body that always ends early.
            None => self.relay(host, now, Input::Received { len }),
        }
    }

    /// The pause before another try after `error`, or `None` if there is none.
    fn again_after(&mut self, host: &mut HostMemory, now: Now, error: &Error) -> Option<Duration> {
        let repeated = self.exchange.as_ref().is_none_or(Exchange::repeats);
        if repeated {
            let elsewhere = self.elsewhere(host);
            self.tries.again(host, now, error, elsewhere)
        } else {
            None
        }
    }

    /// Another try: of the same request, or as the machine sees fit where the payload lies outside.
    fn again(&mut self, host: &mut HostMemory, now: Now, pause: Duration, sent: Sent) -> Step<M::Output> {
        let outside = self.exchange.as_ref().is_some_and(Exchange::streams);
        let next = if outside {
            Next::Interrupted { sent }
        } else {
            Next::Send
        };
        self.pause(host, now, pause, next)
    }

    fn pause(&mut self, host: &mut HostMemory, now: Now, pause: Duration, next: Next) -> Step<M::Output> {
        if pause.is_zero() {
            return self.proceed(host, now, next);
        }
        self.state = State::Pausing(next);
        Step::Sleep(pause)
    }

    fn proceed(&mut self, host: &mut HostMemory, now: Now, next: Next) -> Step<M::Output> {
        match next {
            Next::Broken { len, error } => self.relay(host, now, Input::Broken { len, error }),
            Next::Follow => self.follow(host, now),
            Next::Interrupted { sent } => self.relay(host, now, Input::Interrupted { sent }),
            Next::Send => {
                if let Some(exchange) = &mut self.exchange {
                    exchange.rewind();
                }
                self.send(host, now)
            }
        }
    }
}

impl<M: Machine> Machine for Session<M> {
    type Output = M::Output;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<M::Output> {
        match self.advance(host, now, input) {
            Step::Done(Err(error)) => {
                self.state = State::Ended;
                // What the authorizer holds must not keep others waiting.
                self.authorizer.release(host);
                Step::Done(Err(error.during(self.name).after(self.tries.take_attempts())))
            }
            step => step,
        }
    }

    /// The machine's own last request, with the credential that its requests have had.
    fn abandon(&mut self, host: &HostMemory) -> Option<Request<Payload>> {
        let mut exchange = Exchange::new(self.machine.abandon(host)?).ok()?;
        let value = self.exchange.as_mut().and_then(|last| last.authorization.take());
        exchange.request_for(host.profile(), value).ok()
    }
}

impl<M: fmt::Debug> fmt::Debug for Session<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, name, .. } = self;
        formatter
            .debug_struct("Session")
            .field("operation", name)
            .field("machine", machine)
            .finish_non_exhaustive()
    }
}

enum State {
    Authorizing,
    Buffering,
    Ended,
    Pausing(Next),
    Receiving { limit: u64 },
    Refused(Box<Refused>),
    Relaying,
    Sent(Url),
}

struct Refused {
    parts: response::Parts,
    url: Url,
    sent: Sent,
}

#[cfg(test)]
mod tests;
