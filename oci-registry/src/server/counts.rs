use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;

/// Tells what a [`Server`](super::Server) does and has done. Clones tell the same, also after the server has ended.
///
/// ```
/// use oci_registry::{Registry, Server};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let server = Server::bind(Registry::in_memory(), "127.0.0.1:0").await?;
/// let monitor = server.monitor();
/// # let interrupt = std::future::ready(());
/// server.serve_until(interrupt).await;
/// assert_eq!(monitor.counts().connections_accepted(), 0);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct ServerMonitor {
    shared: Arc<Shared>,
}

impl ServerMonitor {
    /// The counts of this moment.
    pub fn counts(&self) -> ServerCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let shared = &*self.shared;
        ServerCounts {
            bytes_in: read(&shared.bytes_in),
            bytes_out: read(&shared.bytes_out),
            connections_accepted: read(&shared.connections_accepted),
            connections_open: read(&shared.connections_open),
            requests_aborted: read(&shared.requests_aborted),
            requests_open: read(&shared.requests_open),
            statuses: shared.statuses.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            uploads_in_progress: read(&shared.uploads_in_progress),
        }
    }

    /// A connection has come; it is open until what is returned is dropped.
    pub(super) fn connection(&self) -> Open {
        increase(&self.shared.connections_accepted, 1);
        Open::new(self, |shared| &shared.connections_open)
    }

    /// A request has come; it is open until what is returned is dropped.
    pub(super) fn request(&self) -> Open {
        Open::new(self, |shared| &shared.requests_open)
    }

    /// A request has come that writes to an upload.
    pub(super) fn upload(&self) -> Open {
        Open::new(self, |shared| &shared.uploads_in_progress)
    }

    pub(super) fn received(&self, bytes: usize) {
        increase(&self.shared.bytes_in, bytes as u64);
    }

    pub(super) fn sent(&self, bytes: usize) {
        increase(&self.shared.bytes_out, bytes as u64);
    }

    /// A request has been answered, or has ended without an answer.
    pub(super) fn ended(&self, status: Option<StatusCode>) {
        match status {
            None => increase(&self.shared.requests_aborted, 1),
            Some(status) => {
                let mut statuses = self.shared.statuses.lock().unwrap_or_else(PoisonError::into_inner);
                let count = statuses.entry(status).or_default();
                *count = count.wrapping_add(1);
            }
        }
    }
}

impl fmt::Debug for ServerMonitor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServerMonitor")
            .field("counts", &self.counts())
            .finish()
    }
}

/// What a server does and has done since it was bound.
///
/// Counters only grow, the numbers of what is open do not. Each is exact, but they are not read all at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerCounts {
    bytes_in: u64,
    bytes_out: u64,
    connections_accepted: u64,
    connections_open: u64,
    requests_aborted: u64,
    requests_open: u64,
    statuses: BTreeMap<StatusCode, u64>,
    uploads_in_progress: u64,
}

impl ServerCounts {
    /// How many bytes of bodies have come in. Heads, transfer coding and TLS do not count.
    pub const fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// How many bytes of bodies have been handed to connections.
    pub const fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    /// How many connections have been accepted.
    pub const fn connections_accepted(&self) -> u64 {
        self.connections_accepted
    }

    /// How many connections are open.
    pub const fn connections_open(&self) -> u64 {
        self.connections_open
    }

    /// How many requests ended before there was an answer: their clients went away, or the server did.
    pub const fn requests_aborted(&self) -> u64 {
        self.requests_aborted
    }

    /// How many requests are under way; a request is until the last byte of its answer has been handed to the connection.
    pub const fn requests_open(&self) -> u64 {
        self.requests_open
    }

    /// How many requests were answered, by status in ascending order. What never became a request is not among them: a connection without
    /// one, or a head that is not HTTP or is too large.
    pub fn requests_by_status(&self) -> impl Iterator<Item = (StatusCode, u64)> {
        self.statuses.iter().map(|(status, count)| (*status, *count))
    }

    /// How many requests are under way that write to an upload.
    pub const fn uploads_in_progress(&self) -> u64 {
        self.uploads_in_progress
    }
}

/// One of those that a gauge counts.
pub(super) struct Open {
    gauge: fn(&Shared) -> &AtomicU64,
    shared: Arc<Shared>,
}

impl Open {
    fn new(monitor: &ServerMonitor, gauge: fn(&Shared) -> &AtomicU64) -> Self {
        increase(gauge(&monitor.shared), 1);
        Self {
            gauge,
            shared: Arc::clone(&monitor.shared),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        (self.gauge)(&self.shared).fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Default)]
pub(super) struct Shared {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    connections_accepted: AtomicU64,
    connections_open: AtomicU64,
    requests_aborted: AtomicU64,
    requests_open: AtomicU64,
    statuses: Mutex<BTreeMap<StatusCode, u64>>,
    uploads_in_progress: AtomicU64,
}

fn increase(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
