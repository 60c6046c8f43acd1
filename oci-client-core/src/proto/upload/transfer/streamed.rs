use super::Transfer;
use super::act::{Act, Question};
use super::plan::Plan;
use crate::proto::HostMemory;
use crate::proto::machine::{Now, Sent, Span};
use crate::proto::upload::session::UploadSession;
use crate::proto::upload::stream::UploadStream;
use crate::{Error, ErrorKind};

/// Content that says what it is when it has ended.
impl Transfer {
    /// One request of unknown length, or parts that are cut from the content where the plan says so. A registry that takes no parts as small as what is held
    /// gets the one request: what is long enough for it cannot be known before it is read.
    pub(in crate::proto::upload) fn streamed(session: UploadSession, plan: Plan) -> Self {
        let cut = !plan.is_whole() && session.least() <= UploadStream::HELD;
        Self {
            cut,
            ..Self::new(session, None, None, plan)
        }
    }

    /// The next part: no more of it than the driver holds.
    pub(super) fn cut_part(&self, host: &HostMemory, now: Now) -> Span {
        let wanted = self.plan.chunk(host, now, self.session.least());
        Span::new(self.at, wanted.min(UploadStream::HELD))
    }

    /// Whether the content has turned out to end within `span`, which was cut from it and of which nothing was sent. If that was the first part, it goes up with the request that
    /// ends the upload.
    pub(super) fn ends_in(&mut self, span: Span, sent: &Sent) -> bool {
        let ends = self.total.is_none() && span.len.is_some_and(|len| sent.len < len);
        let ends = ends && self.has_ended(span, sent);
        if ends && self.sent == 0 {
            self.plan.at_once();
        }
        ends
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
        let least = self.session.least();
        if least > UploadStream::HELD {
            return Act::Failed(error.explained(too_coarse(least)).with_kind(ErrorKind::TooLarge));
        }
        self.cut = true;
        self.plan.in_chunks();
        // A refusal may come at once, whatever is to follow.
        self.plan.shrink(host, now, sent.len.max(LEAST_TRIED), 0);
        let mut question = Question::new(span);
        question.refusal = Some(error);
        self.ask(question)
    }

    /// Whether some of a stream that was refused lies behind `from`, and so far back that the driver need not hold it.
    pub(super) const fn is_let_go(&self, span: Span, from: u64) -> bool {
        span.len.is_none() && self.sent.saturating_sub(from) > UploadStream::HELD
    }
}

fn too_coarse(least: u64) -> String {
    let held = UploadStream::HELD;
    format!(
        "the registry takes no stream this long in one request and no parts of less than {least} bytes (OCI-Chunk-Min-Length), while {held} bytes of a stream are held; push from content that can be opened again"
    )
}

/// A stream that is refused counts as having had this length at least: 128 KiB.
const LEAST_TRIED: u64 = 128 << 10;
