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

mod authorize;
mod configured;
mod exchange;
mod redirect;
mod retry;

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, Method, Request, StatusCode, response};
use url::Url;

use self::authorize::{Authorization, Authorizer, Verdict};
use self::exchange::Exchange;
use self::retry::{Next, Tries};
use super::auth::{CredentialQuery, Scopes};
use super::headers::retry_after;
use super::machine::{Input, Machine, Now, Payload, Sent, Step};
use super::reply::registry_errors;
use super::{HostMemory, TransportError, TransportErrorKind};
use crate::{Error, ErrorKind};

pub(crate) use self::redirect::Unfollowed;
pub(crate) use self::retry::{Advanced, Unrepeated};

/// What an operation is, for authorization and for errors.
#[derive(Clone, Debug)]
pub struct Operation {
    name: &'static str,
    query: CredentialQuery,
    scopes: Scopes,
}

impl Operation {
    /// An operation called `name` in errors, such as `pull blob`, which acts for the credential that `query` finds and wants at least `scopes`.
    pub const fn new(name: &'static str, query: CredentialQuery, scopes: Scopes) -> Self {
        Self { name, query, scopes }
    }

    /// What it is called in errors.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// For which registry and repository it acts.
    pub const fn query(&self) -> &CredentialQuery {
        &self.query
    }
}

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

    fn head(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        parts: response::Parts,
        url: Url,
        sent: Sent,
    ) -> Step<M::Output> {
        let Some(exchange) = &mut self.exchange else {
            return Step::misuse();
        };
        if !exchange.strayed {
            host.notices.read(&parts.headers);
        }
        if parts.status.is_redirection() && exchange.follows(&parts) {
            return match exchange.redirect(host.profile(), &parts) {
                Ok(()) => self.follow(host, now),
                Err(error) => self.relay(host, now, Input::Failed { error, sent }),
            };
        }
        if parts.status.as_u16() < 400 {
            self.authorizer.accepted(host, now);
            return self.relay(host, now, Input::Head { parts, url, sent });
        }
        if matches!(parts.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED)
            && exchange.is_at(host.profile().base())
        {
            let used = exchange.authorization.take();
            match self.authorizer.challenged(host, &parts, &url, used.as_ref()) {
                Verdict::Again => {
                    return match exchange.restartable(&sent) {
                        true => self.send(host, now),
                        false => self.relay(host, now, Input::Interrupted { sent }),
                    };
                }
                Verdict::AgainLater => {
                    let pause = host.pacing.jittered(NOT_YET_VALID);
                    let next = match exchange.restartable(&sent) {
                        true => Next::Send,
                        false => Next::Interrupted { sent },
                    };
                    return self.pause(host, now, pause, next);
                }
                Verdict::Final => {}
            }
        }
        let bodiless = exchange.method() == Method::HEAD;
        let refused = Box::new(Refused { parts, url, sent });
        if bodiless {
            return self.refused(host, now, *refused, &[]);
        }
        self.state = State::Refused(refused);
        Step::Buffer {
            limit: ERROR_BODY_LIMIT,
        }
    }

    /// A refusal with whatever could be read of its body: try again, or let the machine have it.
    fn refused(&mut self, host: &mut HostMemory, now: Now, refused: Refused, body: &[u8]) -> Step<M::Output> {
        let Refused { parts, url, sent } = refused;
        let error = Error::refusal(parts.status, &url, registry_errors(body))
            .with_retry_after(retry_after(&parts.headers, now.unix));
        let strayed = self.exchange.as_ref().is_some_and(|exchange| exchange.strayed);
        let error = match strayed {
            true => error.explained("the registry redirected the request to here, where it was refused"),
            false => self.authorizer.explain(error, host.profile()),
        };
        if !strayed && self.authorizer.is_worth_asking_again(&error) {
            let authorization = self.authorizer.ask_again(host, now, error);
            return self.authorized(host, now, authorization);
        }
        // A signed URL may have expired, whatever its host calls that: ask the registry once for another.
        let detour = self
            .exchange
            .as_ref()
            .is_some_and(|exchange| exchange.strayed && exchange.method() == Method::GET);
        let expired = detour && self.tries.none() && matches!(parts.status.as_u16(), 400 | 401 | 403 | 410);
        let pause = match expired {
            true => {
                let elsewhere = self.elsewhere(host);
                self.tries.again_after(host, now, &error, elsewhere)
            }
            false => self.again_after(host, now, &error),
        };
        match pause {
            Some(pause) => self.again(host, now, pause, sent),
            None => self.relay(host, now, Input::Failed { error, sent }),
        }
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

/// The pause before a token is tried that may not be valid yet, for a clock that is slow: up to half of it is left out at random.
const NOT_YET_VALID: Duration = Duration::from_secs(1);

/// The most of a refusal's body that is read: 64 KiB.
const ERROR_BODY_LIMIT: usize = 64 << 10;

#[cfg(test)]
mod tests;
