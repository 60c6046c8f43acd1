use std::fmt;
use std::time::Duration;

use super::Error;
use crate::proto::TransportError;

/// One failed try, kept in the [`Error`] of the last one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    pause: Duration,
    reached: bool,
    text: String,
}

impl Attempt {
    pub(crate) fn new(error: &Error, pause: Duration) -> Self {
        let text = match (&error.0.status, error.transport()) {
            (Some(status), _) => status.to_string(),
            (None, Some(transport)) => transport.to_string(),
            (None, None) => error.0.kind.summary().to_owned(),
        };
        let reached = error.transport().is_none_or(TransportError::may_have_reached_server);
        Self { pause, reached, text }
    }

    /// Whether any of its request can have reached the server, which may have done then what it was asked to do.
    pub const fn may_have_reached_server(&self) -> bool {
        self.reached
    }

    /// The pause after this attempt.
    pub const fn pause(&self) -> Duration {
        self.pause
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The texts of the attempts, runs of equal ones counted.
pub(super) fn write_attempts(formatter: &mut fmt::Formatter<'_>, attempts: &[Attempt]) -> fmt::Result {
    let mut separator = "; failed before:";
    for run in attempts.chunk_by(|one, other| one.text == other.text) {
        if let Some(first) = run.first() {
            write!(formatter, "{separator} {first}")?;
        }
        if run.len() > 1 {
            write!(formatter, " ({} times)", run.len())?;
        }
        separator = ",";
    }
    Ok(())
}
