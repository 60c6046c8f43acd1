//! What is known of a registry, shared by every machine that talks to it.

mod capabilities;
mod pacing;
mod profile;
mod tokens;

use std::fmt;
use std::time::Duration;

use super::auth::Scheme;
use super::machine::Now;

pub use profile::{HostProfile, InvalidProfile, RetryPolicy};
pub use tokens::Ticket;

pub(crate) use capabilities::Capabilities;
pub(crate) use pacing::Pacing;
pub(crate) use tokens::{Lease, Seek, TokenKey, Tokens};

/// What has been learned of one registry: its challenge, tokens, capabilities, and when it wants to be left alone.
///
/// Every machine gets it with each call. Drivers keep one per registry, behind a lock that is held only during the call.
pub struct HostMemory {
    pub(crate) capabilities: Capabilities,
    pub(crate) pacing: Pacing,
    pub(crate) profile: HostProfile,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) tokens: Tokens,
}

impl HostMemory {
    /// Nothing learned yet; `seed` makes the jitter of pauses repeatable.
    pub fn new(profile: HostProfile, seed: u64) -> Self {
        Self {
            capabilities: Capabilities::default(),
            pacing: Pacing::new(seed),
            profile,
            scheme: None,
            tokens: Tokens::default(),
        }
    }

    /// The registry's configuration.
    pub const fn profile(&self) -> &HostProfile {
        &self.profile
    }

    /// The tickets called since the last time, whose holders are to be resumed with [`Granted`](super::Input::Granted).
    ///
    /// Look after every call of [`resume`](super::Machine::resume) and of [`sweep`](Self::sweep).
    pub fn called(&mut self) -> Vec<Ticket> {
        self.tokens.called()
    }

    /// Calls the tickets that wait for a machine which was dropped.
    pub fn sweep(&mut self) {
        self.tokens.sweep();
        self.capabilities.trial.sweep(&mut self.tokens);
    }

    /// How long the registry wants no request, if at all.
    pub(crate) fn pause_left(&self, now: Now) -> Option<Duration> {
        self.pacing.left(now)
    }
}

impl fmt::Debug for HostMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { profile, tokens, .. } = self;
        formatter
            .debug_struct("HostMemory")
            .field("host", profile.host())
            .field("tokens", tokens)
            .finish_non_exhaustive()
    }
}
