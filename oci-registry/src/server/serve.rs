use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use http::uri::Scheme;
use oci_client_core::transport::Transport;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::Connections;
use super::counts::ServerMonitor;
use super::exchange::Exchanges;
use super::limits::ServerLimits;
#[cfg(feature = "tls")]
use super::tls::ServerTls;

/// A [`Registry`](crate::Registry), or whatever [`Transport`] stands before it, on a TCP port, over HTTP/1.1.
///
/// An error of the transport closes the connection without an answer, or in the middle of one; an error of kind
/// [`Reset`](oci_client_core::transport::TransportErrorKind::Reset) resets it.
///
/// ```
/// use oci_registry::{Registry, Server};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let server = Server::bind(Registry::in_memory(), "127.0.0.1:0").await?;
/// println!("listening on http://{}", server.local_addr());
/// # let interrupt = std::future::ready(());
/// server.serve_until(interrupt).await;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Limits
/// Those of [`ServerLimits`]: how many connections there may be at once, how large heads of requests, how slow clients.
///
/// # Log
/// One `tracing` event for each request, once it is over, of level `INFO` with the target `oci_registry::request`. Log entries on the way,
/// such as those of a storage that fails, lie in a span `request` with the field `request_id`. The answer carries that id too, in
/// `X-Request-Id`.
///
/// | field | what it says |
/// |---|---|
/// | `request_id` | which request it was, unique among the runs of the server with good probability |
/// | `client` | address and port of the client |
/// | `method`, `path` | what was asked for, without the query; no path if it is none of a registry |
/// | `route` | the form of the path, by which requests can be grouped: `/v2/<name>/blobs/<digest>`; `other` if it is none of a registry |
/// | `principal` | who was let in, where somebody had to say that |
/// | `status` | the status of the answer; none if the request ended before |
/// | `complete` | whether all of the answer was handed to the connection |
/// | `bytes_in`, `bytes_out` | the sizes of the bodies, as far as they got |
/// | `duration_us` | microseconds from the head of the request to the end of the answer |
///
/// Numbers are unsigned integers, so that a `tracing` layer can add them up; [`monitor`](Self::monitor) gives sums without one. Ids of
/// uploads, header fields and queries are in none of them: who reads a log may not learn what gives access.
pub struct Server {
    address: SocketAddr,
    limits: ServerLimits,
    listener: TcpListener,
    monitor: ServerMonitor,
    service: Arc<dyn Transport>,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
}

impl Server {
    /// Listens on `address`, to answer with `service`; port 0 lets the system choose one. Connections wait until the server is run.
    ///
    /// Must be called within a tokio runtime, as must the others.
    ///
    /// # Errors
    /// If the address cannot be resolved, or is in use or not allowed.
    pub async fn bind(service: impl Transport + 'static, address: impl ToSocketAddrs) -> io::Result<Self> {
        Self::on(TcpListener::bind(address).await?, service)
    }

    /// Answers with `service` what comes in on `listener`, which may be one that another program has opened.
    ///
    /// # Errors
    /// If the listener has no address of its own.
    pub fn on(listener: TcpListener, service: impl Transport + 'static) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            limits: ServerLimits::new(),
            listener,
            monitor: ServerMonitor::default(),
            service: Arc::new(service),
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    /// Sets the limits; by default [`ServerLimits::new`].
    #[must_use]
    pub const fn with_limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Serves over TLS, and only over TLS.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The address that it listens on.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What tells how many requests it has answered, how many connections are open, and the like.
    pub fn monitor(&self) -> ServerMonitor {
        self.monitor.clone()
    }

    /// Serves until the future is dropped, which closes the port and every connection.
    pub async fn serve(self) {
        self.serve_until(pending()).await;
    }

    /// Serves until `shutdown` is ready; then takes no more requests and ends when those under way are answered, at the
    /// latest after [`ServerLimits::shutdown_time`].
    ///
    /// # Cancellation
    /// Dropping the future closes the port and every connection. What was being written to the storage is not visible, and an upload that
    /// no client knows of yet is gone; others can be gone on with.
    pub async fn serve_until(self, shutdown: impl Future<Output = ()> + Send) {
        let limits = self.limits;
        let (stop, stopped) = watch::channel(false);
        let (listener, monitor, connections) = self.into_parts(stopped);
        let slots = Arc::new(Semaphore::new(limits.connections()));
        let mut running = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        // Shutdown comes first: a flood of connections does not keep it from being seen.
        while let Either::Right(((slot, stream, client), _)) =
            select(shutdown.as_mut(), pin!(accept(&listener, &slots))).await
        {
            let (connection, open) = (connections.clone().serve(stream, client), monitor.connection());
            running.spawn(async move {
                connection.await;
                drop((open, slot));
            });
            while running.try_join_next().is_some() {}
        }
        drop(listener);
        stop.send_replace(true);
        let all = async { while running.join_next().await.is_some() {} };
        if timeout(limits.shutdown_time(), all).await.is_err() {
            tracing::warn!(
                connections = running.len(),
                "requests were cut off by the end of the server"
            );
        }
        // And waits until they have gone.
        running.shutdown().await;
    }

    fn into_parts(self, stop: watch::Receiver<bool>) -> (TcpListener, ServerMonitor, Connections) {
        #[cfg(feature = "tls")]
        let scheme = self.tls.as_ref().map_or(Scheme::HTTP, |_| Scheme::HTTPS);
        #[cfg(not(feature = "tls"))]
        let scheme = Scheme::HTTP;
        let exchanges = Exchanges::new(self.service, self.address, scheme, self.limits, self.monitor.clone());
        let connections = Connections {
            exchanges: Arc::new(exchanges),
            limits: self.limits,
            stop,
            #[cfg(feature = "tls")]
            tls: self.tls,
        };
        (self.listener, self.monitor, connections)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("address", &self.address)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The next connection, once there may be one more.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
    let slot = Arc::clone(slots).acquire_owned().await;
    let slot = slot.expect("nobody closes the semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, client)) => return (slot, stream, client),
            // Of this connection only, or of the process, which may get over it.
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not accept a connection"
                );
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// How long to wait before accepting again after it failed, so that a lack of file descriptors does not keep a processor
/// busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
