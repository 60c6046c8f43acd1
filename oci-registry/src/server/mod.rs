//! The registry on a port.

mod body;

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use http::{Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use oci_client_core::transport::Body;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::registry::Registry;
use body::RequestBody;

/// A [`Registry`] on a TCP port, over HTTP/1.1 without TLS.
///
/// A client has 10 seconds to send the head of a request; after that, or after as long without a next request, its
/// connection is closed.
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
pub struct Server {
    address: SocketAddr,
    listener: TcpListener,
    registry: Registry,
}

impl Server {
    /// Listens on `address`; port 0 lets the system choose one. Connections wait until the server is run.
    ///
    /// Must be called within a tokio runtime, as must the others.
    ///
    /// # Errors
    /// If the address cannot be resolved, or is in use or not allowed.
    pub async fn bind(registry: Registry, address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            registry,
        })
    }

    /// The address that it listens on.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the future is dropped, which closes the port and every connection.
    pub async fn serve(self) {
        self.serve_until(pending()).await;
    }

    /// Serves until `shutdown` is ready; then takes no more requests and ends when those under way are answered, at the
    /// latest after 30 seconds.
    ///
    /// # Cancellation
    /// Dropping the future closes the port and every connection.
    pub async fn serve_until(self, shutdown: impl Future<Output = ()> + Send) {
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            match select(pin!(self.listener.accept()), shutdown.as_mut()).await {
                Either::Left((Ok((stream, _)), _)) => {
                    connections.spawn(connection(stream, self.registry.clone(), &graceful));
                }
                // Of this connection only, or of the process, which may get over it.
                Either::Left((Err(error), _)) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "could not accept a connection"
                    );
                    sleep(ACCEPT_PAUSE).await;
                }
                Either::Right(((), _)) => break,
            }
            while connections.try_join_next().is_some() {}
        }
        drop(self.listener);
        // What is still running when the time is up is ended by dropping `connections`.
        drop(timeout(SHUTDOWN_TIME, graceful.shutdown()).await);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Serves one connection to its end.
fn connection(
    stream: TcpStream,
    registry: Registry,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    // Small answers are not to wait for more.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| exchange(registry.clone(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), service);
    let watched = graceful.watch(connection);
    async move {
        if let Err(error) = watched.await {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
        }
    }
}

/// Answers one request, and takes care of what the answer did not need of its body.
async fn exchange(registry: Registry, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (parts, incoming) = request.into_parts();
    let (body, unread) = RequestBody::new(incoming, parts.headers.contains_key(header::EXPECT));
    let response = registry.handle(Request::from_parts(parts, Body::new(body))).await;
    if let Some(rest) = unread.take() {
        tokio::spawn(body::drain(rest));
    }
    Ok(response)
}

/// How long to wait before accepting again after it failed, so that a lack of file descriptors does not keep a processor
/// busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a client may take for the head of a request.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long requests under way may take once the server is to end.
const SHUTDOWN_TIME: Duration = Duration::from_secs(30);
