use std::fmt;
use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::{Body, Transport, TransportError, TransportErrorKind};

/// Any tower service from HTTP request to HTTP response as a [`Transport`]: a hyper client, a stack of layers, a router in the same process.
///
/// The service is cloned for each request, and the request is made once the clone is ready. It has to keep to the rules of [`Transport`]; layers that follow redirects,
/// retry or decompress break them. Where its error is a [`TransportError`], or has one among its causes, a caller gets kind and message of that; any other is of kind
/// [`Other`](TransportErrorKind::Other) and is not retried.
///
/// ```
/// use std::convert::Infallible;
/// use std::future::{Ready, ready};
/// use std::task::{Context, Poll};
///
/// use http::{Request, Response, StatusCode};
/// use oci_client_core::transport::{Body, TowerTransport, Transport};
/// use tower_service::Service;
///
/// #[derive(Clone)]
/// struct NotFound;
///
/// impl Service<Request<Body>> for NotFound {
///     type Response = Response<Body>;
///     type Error = Infallible;
///     type Future = Ready<Result<Response<Body>, Infallible>>;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, _: Request<Body>) -> Self::Future {
///         let mut response = Response::new(Body::empty());
///         *response.status_mut() = StatusCode::NOT_FOUND;
///         ready(Ok(response))
///     }
/// }
///
/// let transport = TowerTransport::new(NotFound);
/// let request = Request::get("https://registry.example.com/v2/").body(Body::empty())?;
/// let response = oci_client_core::runtime::block_on(transport.send(request))?;
/// assert_eq!(response.status(), 404);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TowerTransport<S> {
    // A service need not be `Sync`; it is locked for as long as it takes to clone it.
    service: Mutex<S>,
}

impl<S> TowerTransport<S> {
    /// The transport that sends through clones of `service`.
    pub const fn new(service: S) -> Self {
        Self {
            service: Mutex::new(service),
        }
    }
}

impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TowerTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl<S, B> Transport for TowerTransport<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Until the service has been called nothing can have been sent.
        poll_fn(|context| service.poll_ready(context))
            .await
            .map_err(|error| failure(error.into(), TransportErrorKind::Other).unsent())?;
        let response = service
            .call(request)
            .await
            .map_err(|error| failure(error.into(), TransportErrorKind::Other))?;
        Ok(response.map(|body| Body::new(http_body_util::BodyExt::map_err(body, in_body))))
    }
}

fn in_body(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
    failure(error.into(), TransportErrorKind::Body)
}

/// The transport error that `error` is or was caused by; else one of kind `otherwise`.
fn failure(error: Box<dyn std::error::Error + Send + Sync>, otherwise: TransportErrorKind) -> TransportError {
    let error = match error.downcast::<TransportError>() {
        Ok(own) => return *own,
        Err(error) => error,
    };
    let mut cause = error.source();
    // A chain this long does not occur; the bound is against one that points back to itself.
    for _ in 0..16 {
        let Some(inner) = cause else { break };
        if let Some(own) = inner.downcast_ref::<TransportError>() {
            let (kind, sent) = (own.kind(), own.may_have_reached_server());
            let error = TransportError::new(kind, error);
            return if sent { error } else { error.unsent() };
        }
        cause = inner.source();
    }
    TransportError::new(otherwise, error)
}
