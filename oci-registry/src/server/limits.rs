use std::time::Duration;

/// The bounds that a [`Server`](super::Server) keeps to, whatever its clients do.
///
/// How large blobs, manifests and pages may be is the registry's affair; see [`Limits`](crate::Limits).
///
/// ```
/// use std::time::Duration;
///
/// use oci_registry::{Registry, Server, ServerLimits};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let limits = ServerLimits::new().with_connections(64).with_stall_time(Duration::from_secs(5));
/// let server = Server::bind(Registry::in_memory(), "127.0.0.1:0").await?.with_limits(limits);
/// # drop(server);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerLimits {
    connections: usize,
    head_size: usize,
    head_time: Duration,
    shutdown_time: Duration,
    stall_bytes: u64,
    stall_time: Duration,
    uri_length: usize,
}

impl ServerLimits {
    /// Default for [`connections`](Self::connections).
    pub const CONNECTIONS: usize = 512;
    /// Default for [`head_size`](Self::head_size): 32 KiB.
    pub const HEAD_SIZE: usize = 32 * 1024;
    /// Default for [`head_time`](Self::head_time): 10 seconds.
    pub const HEAD_TIME: Duration = Duration::from_secs(10);
    /// Default for [`shutdown_time`](Self::shutdown_time): 30 seconds.
    pub const SHUTDOWN_TIME: Duration = Duration::from_secs(30);
    /// Default for [`stall_bytes`](Self::stall_bytes): 1 KiB.
    pub const STALL_BYTES: u64 = 1024;
    /// Default for [`stall_time`](Self::stall_time): 30 seconds.
    pub const STALL_TIME: Duration = Duration::from_secs(30);
    /// Default for [`uri_length`](Self::uri_length): 16 KiB, in which a push with 100 tags of any length fits.
    pub const URI_LENGTH: usize = 16 * 1024;

    /// The defaults.
    pub const fn new() -> Self {
        Self {
            connections: Self::CONNECTIONS,
            head_size: Self::HEAD_SIZE,
            head_time: Self::HEAD_TIME,
            shutdown_time: Self::SHUTDOWN_TIME,
            stall_bytes: Self::STALL_BYTES,
            stall_time: Self::STALL_TIME,
            uri_length: Self::URI_LENGTH,
        }
    }

    /// Sets how many connections may be open at once; at least 1.
    ///
    /// Others are not refused: they wait where the system keeps connections that nobody has accepted yet, and are served in turn.
    #[must_use]
    pub const fn with_connections(mut self, connections: usize) -> Self {
        self.connections = if connections == 0 { 1 } else { connections };
        self
    }

    /// Sets the most bytes that the head of a request may have, with its first line; more gives 431. At most 256 KiB.
    ///
    /// More than 100 header fields give 431 in any case.
    #[must_use]
    pub const fn with_head_size(mut self, bytes: usize) -> Self {
        self.head_size = if bytes < MOST_HEAD_SIZE { bytes } else { MOST_HEAD_SIZE };
        self
    }

    /// Sets how long a client may take for the head of a request, after it has connected or got its last answer, and for a TLS handshake.
    ///
    /// A connection that has not sent one by then is closed, also one that is idle between requests.
    #[must_use]
    pub const fn with_head_time(mut self, time: Duration) -> Self {
        self.head_time = time;
        self
    }

    /// Sets how long requests under way may take once the server is to end.
    #[must_use]
    pub const fn with_shutdown_time(mut self, time: Duration) -> Self {
        self.shutdown_time = time;
        self
    }

    /// Sets how many bytes of a body must get through in each [`stall_time`](Self::stall_time); at least 1.
    #[must_use]
    pub const fn with_stall_bytes(mut self, bytes: u64) -> Self {
        self.stall_bytes = if bytes == 0 { 1 } else { bytes };
        self
    }

    /// Sets how long a body may take for [`stall_bytes`](Self::stall_bytes), or for its end if there are fewer left.
    ///
    /// Only time in which the server waits for the client counts. A client that sends more slowly gets 408, and what had arrived of its upload
    /// stays; one that takes an answer more slowly loses its connection.
    #[must_use]
    pub const fn with_stall_time(mut self, time: Duration) -> Self {
        self.stall_time = time;
        self
    }

    /// Sets the most bytes that path and query of a request may have together; more gives 414, or 431 if the whole head is too large.
    #[must_use]
    pub const fn with_uri_length(mut self, bytes: usize) -> Self {
        self.uri_length = bytes;
        self
    }

    /// How many connections may be open at once.
    pub const fn connections(&self) -> usize {
        self.connections
    }

    /// The most bytes that the head of a request may have.
    pub const fn head_size(&self) -> usize {
        self.head_size
    }

    /// How long a client may take for the head of a request.
    pub const fn head_time(&self) -> Duration {
        self.head_time
    }

    /// How long requests under way may take once the server is to end.
    pub const fn shutdown_time(&self) -> Duration {
        self.shutdown_time
    }

    /// How many bytes of a body must get through in each stall time.
    pub const fn stall_bytes(&self) -> u64 {
        self.stall_bytes
    }

    /// How long a body may take for the stall bytes.
    pub const fn stall_time(&self) -> Duration {
        self.stall_time
    }

    /// The most bytes that path and query of a request may have together.
    pub const fn uri_length(&self) -> usize {
        self.uri_length
    }
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// What fits into the buffer from which heads are read.
const MOST_HEAD_SIZE: usize = 256 * 1024;
