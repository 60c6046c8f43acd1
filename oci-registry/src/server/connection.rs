use std::error::Error as _;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_util::future::{Either, select};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use oci_client_core::transport::{TransportError, TransportErrorKind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
#[cfg(feature = "tls")]
use tokio::time::timeout;

use super::exchange::Exchanges;
use super::limits::ServerLimits;
use super::stream::Stream;
#[cfg(feature = "tls")]
use super::tls::ServerTls;

/// How connections are served, each to its end.
#[derive(Clone)]
pub(super) struct Connections {
    pub(super) exchanges: Arc<Exchanges>,
    pub(super) limits: ServerLimits,
    /// Turns true once the server is to end.
    pub(super) stop: watch::Receiver<bool>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<ServerTls>,
}

impl Connections {
    /// Serves one connection until it is closed, or until the answer under way when the server is to end.
    pub(super) async fn serve(mut self, tcp: TcpStream, client: SocketAddr) {
        let stream = Stream::new(tcp, self.limits);
        #[cfg(feature = "tls")]
        let stream = match self.tls.take() {
            None => self.plain(stream, client).await,
            Some(tls) => self.encrypted(stream, client, &tls).await,
        };
        #[cfg(not(feature = "tls"))]
        let stream = self.plain(stream, client).await;
        if let Some(stream) = stream {
            let mut stop = self.stop;
            select(pin!(stream.linger()), pin!(stopped(&mut stop))).await;
        }
    }

    async fn plain(&mut self, stream: Stream, client: SocketAddr) -> Option<Stream> {
        let (stream, reset) = self.http1(stream, client).await;
        stream.unless_reset(reset)
    }

    #[cfg(feature = "tls")]
    async fn encrypted(&mut self, stream: Stream, client: SocketAddr, tls: &ServerTls) -> Option<Stream> {
        let handshake = pin!(timeout(self.limits.head_time(), tls.accept(stream)));
        let accepted = match select(handshake, pin!(stopped(&mut self.stop))).await {
            Either::Left((Ok(accepted), _)) => accepted,
            Either::Left((Err(_), _)) | Either::Right(_) => return None,
        };
        match accepted {
            Ok(stream) => {
                let (stream, reset) = self.http1(stream, client).await;
                stream.into_inner().0.unless_reset(reset)
            }
            Err(error) => {
                tracing::debug!(%client, error = &error as &dyn std::error::Error, "a TLS handshake failed");
                None
            }
        }
    }

    /// Answers requests until there are no more. Returns what they came over, and whether the connection is to be reset.
    async fn http1<S: AsyncRead + AsyncWrite + Send + Unpin>(&mut self, stream: S, client: SocketAddr) -> (S, bool) {
        let exchanges = Arc::clone(&self.exchanges);
        let service = service_fn(move |request| {
            let exchanges = Arc::clone(&exchanges);
            async move { exchanges.answer(request, client).await }
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_time())
            .max_header_size(self.limits.head_size())
            .serve_connection(TokioIo::new(stream), service);
        let ended = match select(&mut connection, pin!(stopped(&mut self.stop))).await {
            Either::Left((ended, _)) => Some(ended),
            Either::Right(_) => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        };
        if let Err(error) = &ended {
            tracing::debug!(%client, error = error as &dyn std::error::Error, "a connection ended early");
        }
        let reset = ended.is_err_and(|error| is_reset(&error));
        (connection.into_parts().io.into_inner(), reset)
    }
}

/// Whether what answers requests has had the connection reset.
fn is_reset(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<TransportError>());
    cause.is_some_and(|error| error.kind() == TransportErrorKind::Reset)
}

/// Ready once the server is to end.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone says the same.
    drop(stop.wait_for(|stop| *stop).await);
}
