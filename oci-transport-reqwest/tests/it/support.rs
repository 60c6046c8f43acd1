//! Requests, and what the tests do with answers and errors.

use http::{Method, Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError, TransportErrorKind};
use oci_transport_reqwest::ReqwestTransport;

/// A transport that leaves the environment's proxies alone.
pub(crate) fn transport() -> ReqwestTransport {
    ReqwestTransport::builder().no_proxy().build().unwrap()
}

pub(crate) fn request(method: Method, url: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder().method(method).uri(url).body(body.into()).unwrap()
}

pub(crate) async fn get(transport: &impl Transport, url: &str) -> Result<Response<Body>, TransportError> {
    transport.send(request(Method::GET, url, Body::empty())).await
}

/// The whole body of a response.
pub(crate) async fn read(response: Response<Body>) -> Result<Vec<u8>, TransportError> {
    Ok(response.into_body().collect(1 << 24).await?.to_vec())
}

/// Everything that can be printed of an error, its causes included.
pub(crate) fn printed(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        text.push_str(&format!("\n{error}\n{error:#?}"));
        next = error.source();
    }
    text
}

/// The kind of an error, and whether the request may have reached the server.
pub(crate) fn told<T>(result: Result<T, TransportError>) -> (TransportErrorKind, bool) {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => (error.kind(), error.may_have_reached_server()),
    }
}
