use super::Transfer;
use super::act::{Act, Question};
use super::plan::Plan;
use crate::Error;
use crate::proto::HostMemory;
use crate::proto::machine::{Now, Sent, Span};
use crate::proto::upload::session::UploadSession;
use crate::proto::upload::stream::UploadStream;

/// Content that says what it is when it has ended.
impl Transfer {
    /// One request of unknown length, or parts that are cut from the content where the plan says so.
    pub(in crate::proto::upload) fn streamed(session: UploadSession, plan: Plan) -> Self {
        let cut = !plan.is_whole();
        Self {
            cut,
            ..Self::new(session, None, None, plan)
        }
    }

    /// The next part: no more of it than the driver holds, unless the registry wants more.
    pub(super) fn cut_part(&self, host: &HostMemory, now: Now) -> Span {
        let least = self.session.least();
        let most = UploadStream::HELD.max(least);
        Span::new(self.at, self.plan.chunk(host, now, least).min(most))
    }

    /// Whether the content has turned out to end within `span`, which was cut from it and of which nothing was sent.
    pub(super) fn ends_in(&mut self, span: Span, sent: &Sent) -> bool {
        let ends = self.total.is_none() && span.len.is_some_and(|len| sent.len < len);
        ends && self.has_ended(span, sent)
    }

    /// Remembers what the content is, if all of it was read; says whether that is so.
    pub(super) fn has_ended(&mut self, span: Span, sent: &Sent) -> bool {
        if let (None, Some(digest)) = (self.total, &sent.digest) {
            self.total = Some(span.start.saturating_add(sent.len));
            self.digest = Some(digest.clone());
        }
        sent.digest.is_some()
    }

    /// The one request was too large: the rest goes in parts, and so do the next streams. What the host takes whole is another matter.
    pub(super) fn too_long(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        span: Span,
        (error, sent): (Error, Sent),
    ) -> Act {
        self.has_ended(span, &sent);
        self.cut = true;
        self.plan.in_chunks();
        // A refusal may come at once, whatever is to follow.
        self.plan.shrink(host, now, sent.len.max(LEAST_TRIED));
        let mut question = Question::new(span);
        question.refusal = Some(error);
        self.ask(question)
    }

    /// Whether some of a stream that was refused lies behind `from`, and so far back that the driver need not hold it.
    pub(super) const fn is_let_go(&self, span: Span, from: u64) -> bool {
        span.len.is_none() && self.sent.saturating_sub(from) > UploadStream::HELD
    }
}

/// A stream that is refused counts as having had this length at least: 128 KiB.
const LEAST_TRIED: u64 = 128 << 10;
