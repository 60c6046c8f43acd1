//! The registry on a port.

mod body;

use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Response, Uri, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use oci_client_core::transport::{Body, Transport, TransportError};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use body::RequestBody;

/// A [`Registry`](crate::Registry), or whatever [`Transport`] stands before it, on a TCP port, over HTTP/1.1 without TLS.
///
/// An error of the transport closes the connection without an answer.
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
    service: Arc<dyn Transport>,
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
            listener,
            service: Arc::new(service),
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
                    connections.spawn(connection(stream, Arc::clone(&self.service), self.address, &graceful));
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
    service: Arc<dyn Transport>,
    address: SocketAddr,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    // Small answers are not to wait for more.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| exchange(Arc::clone(&service), address, request));
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
async fn exchange(
    service: Arc<dyn Transport>,
    address: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, TransportError> {
    let (mut parts, incoming) = request.into_parts();
    let (body, unread) = RequestBody::new(incoming, parts.headers.contains_key(header::EXPECT));
    parts.uri = absolute(parts.uri, &parts.headers, address);
    let response = service.send(Request::from_parts(parts, Body::new(body))).await?;
    if let Some(rest) = unread.take() {
        tokio::spawn(body::drain(rest));
    }
    Ok(response)
}

/// The URI as a transport gets it: with the host that the client asked, or else our own address.
fn absolute(uri: Uri, headers: &HeaderMap, address: SocketAddr) -> Uri {
    let host = headers
        .get(header::HOST)
        .and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let authority = host.or_else(|| Authority::try_from(address.to_string()).ok());
    let mut parts = uri.clone().into_parts();
    if parts.authority.is_none() {
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = authority;
    }
    // What has no absolute form, such as `*`, stays as it is.
    Uri::from_parts(parts).unwrap_or(uri)
}

/// How long to wait before accepting again after it failed, so that a lack of file descriptors does not keep a processor
/// busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a client may take for the head of a request.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long requests under way may take once the server is to end.
const SHUTDOWN_TIME: Duration = Duration::from_secs(30);
