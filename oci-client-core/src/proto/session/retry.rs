use std::time::Duration;

use url::Origin;

use crate::error::Attempt;
use crate::proto::machine::{Now, Sent};
use crate::proto::{HostMemory, TransportErrorKind};
use crate::{Error, ErrorKind};

/// Marks a request that is sent at most once, by its extensions: whatever becomes of it changes nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unrepeated;

/// Marks a request, by its extensions, before which the operation has come further: what failed earlier no longer counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advanced;

/// What a pause is before.
pub(super) enum Next {
    /// Telling the machine that the body broke off.
    Broken { len: u64, error: Error },
    /// Sending the request in hand to where it was redirected.
    Follow,
    /// Telling the machine that it has to go on from somewhere.
    Interrupted { sent: Sent },
    /// Sending the request in hand.
    Send,
}

/// The failures in a row so far, and the list of them all.
#[derive(Debug, Default)]
pub(super) struct Tries {
    attempts: Vec<Attempt>,
    failures: u32,
    progress: u64,
}

impl Tries {
    /// The pause before another try after `error`, or `None` if there is none. It came from `elsewhere` if not from the registry.
    pub(super) fn again(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        error: &Error,
        elsewhere: Option<Origin>,
    ) -> Option<Duration> {
        if !error.is_retryable() {
            return None;
        }
        self.again_after(host, now, error, elsewhere)
    }

    /// The same for a failure that the caller has judged to be worth another try.
    pub(super) fn again_after(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        error: &Error,
        elsewhere: Option<Origin>,
    ) -> Option<Duration> {
        let policy = host.profile().retry().clone();
        if self.failures >= policy.retries() {
            return None;
        }
        let pause = match error.retry_after() {
            Some(wait) if wait > policy.longest_wait() => return None,
            Some(wait) => {
                // A server that asks for no wait, or for one that is over by our clock, gets the usual pause.
                let wait = wait.max(host.pacing.jittered(policy.pause(self.failures.saturating_add(1))));
                match elsewhere {
                    Some(origin) => host.pacing.hold_elsewhere(origin, now, wait),
                    None => host.pacing.hold(now, wait),
                }
                wait
            }
            // Most often a kept-alive connection that the server had closed: nothing to wait for.
            None if self.failures == 0 && lost_connection(error) => Duration::ZERO,
            None => host.pacing.jittered(policy.pause(self.failures.saturating_add(1))),
        };
        self.failures = self.failures.saturating_add(1);
        if self.attempts.len() < MAX_ATTEMPTS_LISTED {
            self.attempts.push(Attempt::new(error, pause));
        }
        Some(pause)
    }

    /// Whether nothing has failed since the last success.
    pub(super) const fn none(&self) -> bool {
        self.failures == 0
    }

    /// Bytes have arrived, of so many that were to come. Enough of them, and the connection counts as a working one again.
    pub(super) fn progressed(&mut self, bytes: u64, wanted: u64) {
        self.progress = self.progress.saturating_add(bytes);
        if self.progress >= (wanted / 16).clamp(1, ENOUGH_PROGRESS) {
            self.succeeded();
        }
    }

    pub(super) const fn succeeded(&mut self) {
        self.failures = 0;
        self.progress = 0;
    }

    pub(super) fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    pub(super) fn take_attempts(&mut self) -> Vec<Attempt> {
        std::mem::take(&mut self.attempts)
    }
}

fn lost_connection(error: &Error) -> bool {
    let reset = error
        .transport()
        .is_some_and(|error| matches!(error.kind(), TransportErrorKind::Body | TransportErrorKind::Reset));
    reset && error.kind() == ErrorKind::Transport
}

/// Received since the last success, this much ends a row of failures, as does a sixteenth of what was to come: 64 KiB.
const ENOUGH_PROGRESS: u64 = 64 << 10;

/// A blob may survive any number of failures; the error lists this many.
const MAX_ATTEMPTS_LISTED: usize = 32;

#[cfg(test)]
mod tests;
