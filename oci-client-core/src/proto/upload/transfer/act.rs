use http::Request;
use oci_spec_types::Digest;

use crate::Error;
use crate::proto::machine::{Payload, Span};

/// What the transfer wants next.
#[derive(Debug)]
pub(in crate::proto::upload) enum Act {
    /// The upload has failed, and there is no session left.
    Ended(Error),
    /// The upload has failed, and the session is to be cancelled.
    Failed(Error),
    Misuse,
    /// The session has come to nothing; another one may do better.
    Over(Over),
    Send(Request<Payload>),
    /// The blob is stored.
    Stored(Digest, u64),
}

/// Why a session has come to nothing.
#[derive(Debug)]
pub(in crate::proto::upload) struct Over {
    /// Whether it was interrupted.
    pub(in crate::proto::upload) broken: bool,
    /// What to fail with if there is not to be another one.
    pub(in crate::proto::upload) error: Error,
    /// Whether the registry no longer knows the session.
    pub(in crate::proto::upload) gone: bool,
    /// Whether all of the content had been sent, so that the blob may be there.
    pub(in crate::proto::upload) whole: bool,
}

/// Why the registry is asked how much it has.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) interrupted: bool,
    pub(super) refusal: Option<Error>,
    /// What was being sent.
    pub(super) span: Span,
}

impl Question {
    pub(super) const fn new(span: Span) -> Self {
        Self {
            interrupted: false,
            refusal: None,
            span,
        }
    }
}
