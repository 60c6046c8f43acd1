use http::StatusCode;

use super::Transfer;
use super::act::{Act, Question};
use super::part::end_of;
use crate::proto::HostMemory;
use crate::proto::machine::{Now, Sent, Span};
use crate::{Error, ErrorKind};

/// What becomes of a refusal, and of a session that does not say how much it has.
impl Transfer {
    /// A part, or the whole, was refused.
    pub(super) fn refused(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        span: Span,
        whole: bool,
        (error, sent): (Error, Sent),
    ) -> Act {
        self.sent = self.sent.max(end_of(span, &sent));
        let misplaced = error.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE);
        let too_large = misplaced || error.kind() == ErrorKind::TooLarge;
        if misplaced && span.start < self.plan.most_taken() {
            // It has more than its `Range` said.
            host.capabilities.moving_range.learn(now, false);
            self.at = self.plan.most_taken();
            return self.proceed(host, now);
        }
        if too_large && (whole || span.len.is_none()) && host.capabilities.chunks.known(now) == Some(false) {
            return Act::Failed(error.explained(NO_WAY).with_kind(ErrorKind::TooLarge));
        }
        if too_large && span.len.is_none() {
            return self.too_long(host, now, span, (error, sent));
        }
        if too_large && span.len.is_some_and(|len| len > 0) {
            let mut question = Question::new(span);
            question.refusal = Some(error);
            return self.ask(question);
        }
        if error.kind() == ErrorKind::NotFound {
            let whole = self.total.is_some_and(|total| self.sent >= total);
            return self.over(error, true, whole);
        }
        let in_parts = !whole && span.len.is_some();
        let unparted = matches!(error.kind(), ErrorKind::Refused | ErrorKind::Unsupported);
        if in_parts && unparted && host.capabilities.chunks.known(now) != Some(true) {
            host.capabilities.chunks.learn(now, false);
            return self.over(error, false, false);
        }
        Act::Failed(error)
    }

    /// The parts have arrived, and the registry does not take them for the blob.
    pub(super) fn unclosed(&mut self, host: &mut HostMemory, now: Now, error: Error) -> Act {
        let gone = error.kind() == ErrorKind::NotFound;
        if gone {
            return self.over(error, gone, true);
        }
        if error.kind() == ErrorKind::Refused && self.plan.had_several(self.total) {
            // Some registries keep the last part only.
            host.capabilities.chunks.learn(now, false);
            return self.over(error, gone, false);
        }
        Act::Failed(error)
    }

    /// Goes on where the registry is, in parts.
    pub(super) fn go_on(&mut self, host: &mut HostMemory, now: Now, question: Question, kept: u64) -> Act {
        let tried = question.span.len.unwrap_or(u64::MAX);
        let standing = kept <= question.span.start;
        let mut excused = question.interrupted;
        match question.refusal {
            Some(error) if self.is_let_go(question.span, kept) => return Act::Failed(error),
            Some(error) if kept == question.span.start && question.span.len.is_some() => {
                let least = self.session.least();
                if !self.plan.shrink(host, now, tried, least) {
                    return Act::Failed(at_odds(error, tried, least));
                }
                excused = true;
            }
            _ if excused && standing && !self.plan.is_whole() => self.plan.shrink_after_break(tried),
            _ => {}
        }
        self.plan.in_chunks();
        self.in_parts |= kept > 0;
        let known = self.at;
        self.move_to(host, now, kept, known, excused)
    }

    /// The registry does not say how much it has.
    pub(super) fn untold(&mut self, host: &mut HostMemory, now: Now, question: Question, error: Error) -> Act {
        if error.is_retryable() || error.transport().is_some() {
            return Act::Failed(error);
        }
        let gone = matches!(error.status().map(|status| status.as_u16()), Some(400 | 404 | 410));
        let whole = self.total.is_some_and(|total| self.sent >= total);
        if !gone && self.in_parts && self.total.is_some() {
            // What it has acknowledged it has; a part that arrived twice would not go unnoticed.
            let at = self.at;
            return self.go_on(host, now, question, at);
        }
        match question.refusal {
            Some(error) if self.is_let_go(question.span, 0) => Act::Failed(error),
            Some(error) => {
                if let Some(tried) = question.span.len {
                    self.plan.shrink(host, now, tried, self.session.least());
                }
                self.over(error, gone, whole)
            }
            None => self.over(error, gone, whole),
        }
    }
}

/// A part was refused as too large that must not be any smaller.
fn at_odds(error: Error, tried: u64, least: u64) -> Error {
    if least == 0 {
        return error;
    }
    let message = format!(
        "the registry takes no parts of less than {least} bytes (OCI-Chunk-Min-Length), and refuses one of {tried} bytes as too large; it has to allow larger requests"
    );
    error.explained(message).with_kind(ErrorKind::TooLarge)
}

/// What is wrong where a host takes neither.
const NO_WAY: &str = "the registry takes no parts of a blob, and this one is too large for it to be taken whole; it has to allow larger requests";
