use std::sync::Arc;

use http::{Request, Response};
use url::Origin;

use super::Body;
use crate::Error;
use crate::hosts::TransportSettings;
use crate::transport::{Timeouts, TransportError};

/// Something that performs one HTTP exchange on the calling thread.
///
/// It keeps to the rules of [`Transport`](crate::transport::Transport): a plain pipe that does **not** follow redirects, retry, decompress,
/// keep cookies, add a `Referer` or attach credentials of its own. The request's URI is always absolute, and its body has a
/// [length](Body::len) wherever that is known; one without is sent with chunked transfer coding.
///
/// # Timeouts
/// Nobody but the transport can end a read that waits, so it watches over all three:
/// - [`head`](Timeouts::head): from when the request has gone out, and whenever nothing of its body could be sent. The time that the body itself takes to be read does not count.
/// - [`commit`](Timeouts::commit): in place of `head` once all of a body has gone out that [is streamed](Body::is_streamed).
/// - [`idle`](Timeouts::idle): between two pieces of the response's body.
///
/// Whichever passes becomes an error of kind [`Timeout`](crate::transport::TransportErrorKind::Timeout).
///
/// # Cancellation
/// Dropping the response's [`Body`] abandons the exchange; the transport must not reuse a connection with unread bytes of the answer on it.
pub trait BlockingTransport: Send + Sync {
    /// Sends `request` and returns the response as soon as its head has arrived.
    ///
    /// # Errors
    /// A [`TransportError`] for everything that is not an HTTP response: the status of a response, whatever it is, is never an error here. The error
    /// says whether any part of the request can have reached the server. What reading the request's body failed with comes back as it is: see
    /// [`TransportError::from_io`].
    fn send(&self, request: Request<Body>, timeouts: &Timeouts) -> Result<Response<Body>, TransportError>;
}

impl<T: BlockingTransport + ?Sized> BlockingTransport for Arc<T> {
    fn send(&self, request: Request<Body>, timeouts: &Timeouts) -> Result<Response<Body>, TransportError> {
        (**self).send(request, timeouts)
    }
}

/// Makes blocking transports for origins that are reached by settings of their own.
///
/// A transport that comes from here is only given requests to `origin`, as one of a [`TransportFactory`](crate::transport::TransportFactory) is.
pub trait BlockingTransportFactory: Send + Sync {
    /// A transport to `origin` with all of `settings`.
    ///
    /// # Errors
    /// If a setting is malformed, or cannot be honoured. Nothing is left out.
    fn transport(&self, origin: &Origin, settings: &TransportSettings) -> Result<Arc<dyn BlockingTransport>, Error>;
}
