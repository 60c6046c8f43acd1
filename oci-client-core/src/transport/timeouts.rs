use std::time::Duration;

/// How long a server may take, in each phase of an exchange.
///
/// The async client watches over these itself. The blocking one cannot interrupt a read, so it hands them to its
/// transport with each request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timeouts {
    commit: Duration,
    head: Duration,
    idle: Duration,
}

impl Timeouts {
    /// 30 seconds for the head and for a body that stands still, 5 minutes for a server that has to store what it was sent.
    pub const fn new() -> Self {
        Self {
            commit: Duration::from_secs(300),
            head: Duration::from_secs(30),
            idle: Duration::from_secs(30),
        }
    }

    /// Changes how long a server may take to answer once it has all of a streamed body, which it has to check and store.
    #[must_use]
    pub const fn with_commit(mut self, timeout: Duration) -> Self {
        self.commit = timeout;
        self
    }

    /// Changes how long a server may take to begin its answer once the request has gone out, or once its content has stopped moving.
    #[must_use]
    pub const fn with_head(mut self, timeout: Duration) -> Self {
        self.head = timeout;
        self
    }

    /// Changes how long a response body may stand still.
    #[must_use]
    pub const fn with_idle(mut self, timeout: Duration) -> Self {
        self.idle = timeout;
        self
    }

    /// How long a server may take to answer once it has all of a streamed body, which it has to check and store.
    pub const fn commit(&self) -> Duration {
        self.commit
    }

    /// How long a server may take to begin its answer once the request has gone out, or once its content has stopped moving.
    pub const fn head(&self) -> Duration {
        self.head
    }

    /// How long a response body may stand still.
    pub const fn idle(&self) -> Duration {
        self.idle
    }

    /// None of them longer than `limit`.
    #[cfg(feature = "blocking")]
    pub(crate) fn within(self, limit: Duration) -> Self {
        Self {
            commit: self.commit.min(limit),
            head: self.head.min(limit),
            idle: self.idle.min(limit),
        }
    }
}

/// Travels with a request whose answer nobody waits for any longer than this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit(
    #[cfg_attr(
        not(feature = "blocking"),
        expect(dead_code, reason = "a transport that does not block is interrupted instead")
    )]
    pub(crate) Duration,
);

impl Default for Timeouts {
    fn default() -> Self {
        Self::new()
    }
}
