use std::time::Duration;

use super::HostMemory;
use crate::proto::machine::Now;
use crate::{Error, ErrorKind};

/// How long an endpoint that failed is passed over where another can be asked.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    until: Duration,
}

impl HostMemory {
    /// Notes that an operation at this endpoint came to nothing. If that was the endpoint's own fault, others are preferred to it for a while.
    pub fn note_failure(&mut self, now: Now, error: &Error) {
        let own_fault = matches!(
            error.kind(),
            ErrorKind::Mismatch
                | ErrorKind::RateLimited
                | ErrorKind::Server
                | ErrorKind::Timeout
                | ErrorKind::Transport
        );
        if own_fault {
            let rest = error.retry_after().unwrap_or_default().clamp(OUTAGE, LONGEST_OUTAGE);
            self.outage.until = now.monotonic.saturating_add(rest);
        }
    }

    /// Notes that an operation at this endpoint succeeded.
    pub const fn note_success(&mut self) {
        self.outage.until = Duration::ZERO;
    }

    /// Whether this endpoint failed a short while ago, and is better not asked where another can be.
    pub fn is_out(&self, now: Now) -> bool {
        now.monotonic < self.outage.until
    }
}

/// How long an endpoint is passed over at least: 30 s.
const OUTAGE: Duration = Duration::from_secs(30);

/// How long at most, whatever it asks for: 10 minutes.
const LONGEST_OUTAGE: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests;
