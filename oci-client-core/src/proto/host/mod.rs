//! What is known of a registry, shared by every machine that talks to it.

mod capabilities;
mod challenges;
mod credentials;
mod notices;
mod outage;
mod pacing;
mod profile;
mod queue;
mod refresh_tokens;
mod sufficient;
mod tokens;

use std::fmt;
use std::time::Duration;

use super::machine::Now;

pub use notices::{Notice, Warning, WarningOrigin};
pub use profile::{HostProfile, InvalidHeader, InvalidProfile, RetryPolicy, TokenMethod};
pub use queue::Ticket;

pub(crate) use capabilities::Capabilities;
pub(crate) use challenges::Challenges;
pub(crate) use credentials::{Credentials, Known};
pub(crate) use notices::Notices;
pub(crate) use outage::Outage;
pub(crate) use pacing::Pacing;
pub(crate) use queue::{Calls, Lease};
pub(crate) use refresh_tokens::RefreshTokens;
pub(crate) use sufficient::Sufficient;
pub(crate) use tokens::{Seek, TokenKey, Tokens};

/// What has been learned of one registry: its challenges, credentials, tokens, capabilities, and when it wants to be left alone.
///
/// Every machine gets it with each call. Drivers keep one per registry and credential source, behind a lock that is held only during the call: a source's
/// answers are remembered for five minutes, or until the registry refuses them; while one machine asks it about a repository, the others wait for the answer.
pub struct HostMemory {
    pub(crate) capabilities: Capabilities,
    pub(crate) challenges: Challenges,
    pub(crate) credentials: Credentials,
    pub(crate) notices: Notices,
    pub(crate) outage: Outage,
    pub(crate) pacing: Pacing,
    pub(crate) profile: HostProfile,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) sufficient: Sufficient,
    pub(crate) tokens: Tokens,
}

impl HostMemory {
    /// Nothing learned yet; `seed` makes the jitter of pauses repeatable.
    pub fn new(profile: HostProfile, seed: u64) -> Self {
        Self {
            capabilities: Capabilities::default(),
            challenges: Challenges::default(),
            credentials: Credentials::default(),
            notices: Notices::default(),
            outage: Outage::default(),
            pacing: Pacing::new(seed),
            profile,
            refresh_tokens: RefreshTokens::default(),
            sufficient: Sufficient::default(),
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
        self.tokens.calls().take()
    }

    /// What is to be told to the user since the last time: warnings, each of them once, and changed rate limits.
    ///
    /// Look after every call of [`resume`](super::Machine::resume). At most 256 wait to be fetched.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.notices.take()
    }

    /// Calls the tickets that wait for a machine which was dropped.
    pub fn sweep(&mut self) {
        self.tokens.sweep();
        self.credentials.sweep(self.tokens.calls());
        self.capabilities.trial.sweep(self.tokens.calls());
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
