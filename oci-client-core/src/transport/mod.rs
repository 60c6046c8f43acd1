//! What moves bytes: the [`Transport`] trait that HTTP backends implement, and its message [`Body`].

mod body;
mod build_error;
mod factory;
mod timeouts;
#[cfg(feature = "tower")]
mod tower;

use async_trait::async_trait;
use http::{Request, Response};

pub use crate::proto::{TransportError, TransportErrorKind};
pub use body::Body;
pub use build_error::BuildError;
pub use factory::TransportFactory;
pub(crate) use timeouts::TimeLimit;
pub use timeouts::Timeouts;
#[cfg(feature = "tower")]
pub use tower::TowerTransport;

/// Something that performs one HTTP exchange.
///
/// A transport is a plain pipe. It must **not** follow redirects, retry, decompress, keep cookies, add a
/// `Referer` or attach credentials of its own: the protocol above it does each of these knowingly, and a
/// transport that does them too breaks the rules that keep credentials with their origin and content verified.
///
/// The request's URI is always absolute (`https://host/path`), and its headers hold a `Content-Length` wherever the
/// length is known. A body without one is sent with chunked transfer coding (or its HTTP/2 equivalent).
///
/// Some requests carry marks in their extensions: [`ServerSupplied`](crate::proto::outbound::ServerSupplied) restricts which addresses may be connected to, and
/// [`ParallelPart`](crate::proto::ParallelPart) asks for a connection that is not shared. A transport that has no use for them leaves them alone.
///
/// # Cancellation
/// Dropping the future of [`send`](Self::send) or the response's [`Body`] abandons the exchange; the transport
/// must release the connection, and must not reuse it while unread bytes of the answer are on it.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` and returns the response as soon as its head has arrived.
    ///
    /// # Errors
    /// A [`TransportError`] for everything that is not an HTTP response: the status of a response, whatever it is, is
    /// never an error here. The error says whether any part of the request can have reached the server.
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        (**self).send(request).await
    }
}
