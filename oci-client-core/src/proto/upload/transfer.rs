mod act;
mod part;
mod plan;
mod refusal;
mod streamed;

use http::header::CONTENT_RANGE;
use http::{Method, Request, StatusCode, response};
use oci_spec_types::Digest;
use url::Url;

use self::act::Question;
use self::part::{content_range, end_of};
use self::plan::Plan;
use super::range::Kept;
use super::session::{UploadSession, carrying};
use crate::Error;
use crate::proto::HostMemory;
use crate::proto::endpoint;
use crate::proto::machine::{Input, Now, Payload, Sent, Span};
use crate::proto::reply::{check_stored, unexpected};
use crate::proto::session::Advanced;

pub(super) use self::act::{Act, Over};
pub(super) use self::plan::Plan as TransferPlan;

/// The way of the content into one upload session.
#[derive(Debug)]
pub(super) struct Transfer {
    /// How much the registry has, as far as is known.
    at: u64,
    /// Whether it was interrupted after content had been sent.
    broken: bool,
    /// Whether content of unknown length is cut into parts of known length.
    cut: bool,
    digest: Option<Digest>,
    /// Whether the session has taken a part, so that only an empty PUT is left to be sent when it has all of them.
    in_parts: bool,
    plan: Plan,
    /// How much has been sent: the registry cannot have more, but it may be slow to take in what a broken connection still brought.
    sent: u64,
    session: UploadSession,
    state: State,
    total: Option<u64>,
}

impl Transfer {
    /// Content of known size and digest.
    pub(super) fn known(session: UploadSession, digest: Digest, size: u64, plan: Plan) -> Self {
        Self::new(session, Some(digest), Some(size), plan)
    }

    fn new(session: UploadSession, digest: Option<Digest>, total: Option<u64>, plan: Plan) -> Self {
        Self {
            at: 0,
            broken: false,
            cut: false,
            digest,
            in_parts: false,
            plan,
            sent: 0,
            session,
            state: State::Idle,
            total,
        }
    }

    pub(super) const fn session(&self) -> &UploadSession {
        &self.session
    }

    /// What the content has turned out to be, with its length; `None` before it has ended.
    pub(super) fn content(&self) -> Option<(Digest, u64)> {
        self.digest.clone().zip(self.total)
    }

    /// Sends what is missing, or finishes.
    pub(super) fn proceed(&mut self, host: &HostMemory, now: Now) -> Act {
        match (&self.digest, self.total) {
            (Some(digest), Some(total)) if self.in_parts && self.at >= total => {
                self.state = State::Closing;
                let request = carrying(Method::PUT, &self.session.finish(digest), Payload::Empty);
                self.act(request)
            }
            (Some(digest), Some(total)) if (self.plan.is_whole() || total == 0) && !self.in_parts => {
                let span = Span::new(0, total);
                self.state = State::Sending { span, whole: true };
                let request = carrying(Method::PUT, &self.session.finish(digest), Payload::Source(span));
                self.act(request)
            }
            _ => self.part(host, now),
        }
    }

    fn part(&mut self, host: &HostMemory, now: Now) -> Act {
        let span = match self.total {
            Some(total) => {
                let rest = total.saturating_sub(self.at);
                Span::new(self.at, rest.min(self.plan.chunk(host, now, self.session.least())))
            }
            None if self.cut => self.cut_part(host, now),
            None => Span::from(self.at),
        };
        self.state = State::Sending { span, whole: false };
        let request = carrying(Method::PATCH, self.session.url(), Payload::Source(span)).map(|mut request| {
            if let Some(range) = content_range(span) {
                request.headers_mut().insert(CONTENT_RANGE, range);
            }
            request
        });
        self.act(request)
    }

    /// What came before a request that follows progress is not held against it.
    fn act(&mut self, request: Result<Request<Payload>, Error>) -> Act {
        match request {
            Ok(mut request) => {
                if self.plan.take_advance() {
                    request.extensions_mut().insert(Advanced);
                }
                Act::Send(request)
            }
            Err(error) => Act::Failed(error),
        }
    }

    fn over(&self, error: Error, gone: bool, whole: bool) -> Act {
        let broken = self.broken;
        Act::Over(Over {
            broken,
            error,
            gone,
            whole,
        })
    }

    pub(super) fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Act {
        match (std::mem::replace(&mut self.state, State::Idle), input) {
            (State::Sending { span, whole }, Input::Head { parts, url, sent }) => {
                if whole {
                    self.stored(&parts, &url)
                } else {
                    self.taken(host, now, span, (parts, url, sent))
                }
            }
            (State::Sending { span, .. }, Input::Interrupted { sent }) => self.interrupted(host, now, span, &sent),
            (State::Sending { span, .. }, Input::Failed { sent, .. }) if self.ends_in(span, &sent) => {
                self.proceed(host, now)
            }
            (State::Sending { span, whole }, Input::Failed { error, sent }) => {
                self.refused(host, now, span, whole, (error, sent))
            }
            (State::Asking(question), Input::Head { parts, url, .. }) => self.told(host, now, *question, &parts, &url),
            (State::Asking(question), Input::Failed { error, .. }) => self.untold(host, now, *question, error),
            (State::Closing, Input::Head { parts, url, .. }) => self.stored(&parts, &url),
            (State::Closing, Input::Failed { error, .. }) => self.unclosed(host, now, error),
            _ => Act::Misuse,
        }
    }

    fn stored(&mut self, parts: &response::Parts, url: &Url) -> Act {
        let (Some(digest), Some(total)) = (self.digest.take(), self.total) else {
            return Act::Misuse;
        };
        if !STORED.contains(&parts.status) {
            return Act::Failed(unexpected(parts, url));
        }
        match check_stored(&parts.headers, &digest) {
            Ok(()) => Act::Stored(digest, total),
            Err(error) => Act::Ended(error.at(url)),
        }
    }

    /// The registry has taken a part, or says so.
    fn taken(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        span: Span,
        (parts, url, sent): (response::Parts, Url, Sent),
    ) -> Act {
        if !TAKEN.contains(&parts.status) {
            return Act::Failed(unexpected(&parts, &url));
        }
        if let Err(error) = self.session.follow(&parts, &url) {
            return Act::Failed(error);
        }
        self.in_parts = true;
        if span.start == 0 && span.len.is_some() {
            host.capabilities.chunks.learn(now, true);
        }
        let end = span.start.saturating_add(span.len.unwrap_or(sent.len));
        self.sent = self.sent.max(end);
        if span.len.is_none() {
            match sent.digest {
                Some(digest) => (self.digest, self.total) = (Some(digest), Some(end)),
                // An answer before the content has ended: what the registry has of it, only the registry knows.
                None => return self.ask(Question::new(span)),
            }
        }
        let distrusted = host.capabilities.moving_range.known(now) == Some(false);
        let kept = Kept::of(&parts.headers).filter(|_| !distrusted);
        let kept = kept.map(|kept| kept.among(span.start, end)).filter(|&kept| kept <= end);
        self.plan.took(span.start, end);
        // The parts of a stream may be smaller than what counts as progress.
        let excused = self.cut && kept.unwrap_or(end) > self.at;
        self.move_to(host, now, kept.unwrap_or(end), end, excused)
    }

    /// Goes on at `kept`, which may lie before what is known to be there once only; else at `end`.
    fn move_to(&mut self, host: &HostMemory, now: Now, kept: u64, end: u64, excused: bool) -> Act {
        self.at = if kept >= self.at || self.plan.step_back() {
            kept
        } else {
            end
        };
        match self.plan.reached(self.at, self.total, excused) {
            true => self.proceed(host, now),
            false => Act::Failed(Error::protocol(format!(
                "the registry takes no more of the content: it has had {} bytes for several requests",
                self.at
            ))),
        }
    }

    fn interrupted(&mut self, host: &HostMemory, now: Now, span: Span, sent: &Sent) -> Act {
        if sent.len == 0 && sent.digest.is_none() {
            // Nothing of it can have arrived.
            return match self.plan.failed(host) {
                true => self.proceed(host, now),
                false => Act::Failed(exhausted()),
            };
        }
        self.broken = true;
        self.has_ended(span, sent);
        self.sent = self.sent.max(end_of(span, sent));
        let mut question = Question::new(span);
        question.interrupted = true;
        if self.plan.failed(host) {
            self.ask(question)
        } else {
            Act::Failed(exhausted())
        }
    }

    fn ask(&mut self, question: Question) -> Act {
        self.state = State::Asking(Box::new(question));
        let request = endpoint::request(Method::GET, self.session.url(), Payload::Empty);
        self.act(request)
    }

    /// The registry has said how much it has.
    fn told(&mut self, host: &mut HostMemory, now: Now, question: Question, parts: &response::Parts, url: &Url) -> Act {
        if let Err(error) = self.session.follow(parts, url) {
            return Act::Failed(error);
        }
        let kept = Kept::of(&parts.headers).filter(|_| parts.status.is_success());
        let kept = kept.map(|kept| kept.among(self.at, self.sent));
        match kept.filter(|&kept| kept <= self.sent) {
            Some(kept) => self.go_on(host, now, question, kept),
            None => self.untold(
                host,
                now,
                question,
                Error::protocol("the registry does not say how much of the upload it has").at(url),
            ),
        }
    }
}

#[derive(Debug)]
enum State {
    Asking(Box<Question>),
    Closing,
    Idle,
    Sending { span: Span, whole: bool },
}

fn exhausted() -> Error {
    Error::protocol("the upload was interrupted again and again without getting any further")
}

/// What says that a blob is stored. 202 says that the session is still open.
const STORED: [StatusCode; 3] = [StatusCode::CREATED, StatusCode::OK, StatusCode::NO_CONTENT];

/// What says that a part was taken: 202 by the specification, 201 on some registries.
const TAKEN: [StatusCode; 4] = [
    StatusCode::ACCEPTED,
    StatusCode::CREATED,
    StatusCode::OK,
    StatusCode::NO_CONTENT,
];

#[cfg(test)]
mod tests;
