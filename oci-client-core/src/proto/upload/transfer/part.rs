use http::header::HeaderValue;

use crate::proto::machine::{Sent, Span};

/// How far so much of `span` reaches.
pub(super) fn end_of(span: Span, sent: &Sent) -> u64 {
    span.start
        .saturating_add(span.len.map_or(sent.len, |len| len.min(sent.len)))
}

/// `<first>-<last>`, for a part whose length is known.
pub(super) fn content_range(span: Span) -> Option<HeaderValue> {
    let last = span.start.checked_add(span.len?)?.checked_sub(1)?;
    HeaderValue::try_from(format!("{}-{last}", span.start)).ok()
}
