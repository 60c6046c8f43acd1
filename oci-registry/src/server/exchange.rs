use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_spec_types::distribution::ErrorCode;
use tracing::Instrument as _;

use super::counts::ServerMonitor;
use super::limits::ServerLimits;
use super::record::Record;
use super::request_body::{End, RequestBody, drain};
use super::response_body::ResponseBody;
use crate::error::ApiError;

/// What all requests of a server share.
pub(super) struct Exchanges {
    address: SocketAddr,
    count: AtomicU64,
    limits: ServerLimits,
    monitor: ServerMonitor,
    run: u32,
    scheme: Scheme,
    service: Arc<dyn Transport>,
}

impl Exchanges {
    pub(super) fn new(
        service: Arc<dyn Transport>,
        address: SocketAddr,
        scheme: Scheme,
        limits: ServerLimits,
        monitor: ServerMonitor,
    ) -> Self {
        Self {
            address,
            count: AtomicU64::new(0),
            limits,
            monitor,
            // Only tells the runs of a server apart in a log: without random numbers they all look like the first one.
            run: getrandom::u32().unwrap_or_default(),
            scheme,
            service,
        }
    }

    /// Answers one request, and takes care of what the answer did not need of its body.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        client: SocketAddr,
    ) -> Result<Response<ResponseBody>, TransportError> {
        let mut record = Record::new(&request, self.next_id(), client, &self.monitor);
        let (mut parts, incoming) = request.into_parts();
        let withheld = parts.headers.contains_key(header::EXPECT);
        let (body, fate) = RequestBody::new(incoming, withheld, self.limits, record.bytes_in());
        let mut response = if target_length(&parts.uri) > self.limits.uri_length() {
            drop(body);
            uri_too_long(self.limits.uri_length())
        } else {
            parts.uri = self.absolute(parts.uri, &parts.headers);
            let request = Request::from_parts(parts, Body::new(body));
            self.service.send(request).instrument(record.span().clone()).await?
        };
        match fate.take() {
            None => {}
            Some(End::Stalled) => response = too_slow(),
            Some(End::Unread(rest)) => drop(tokio::spawn(drain(rest))),
        }
        record.answered(response.status(), response.extensions_mut().remove());
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id_value(record.id()));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(response.map(|body| ResponseBody::new(body, record)))
    }

    fn next_id(&self) -> String {
        format!("{:08x}-{}", self.run, self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// The URI as a transport gets it: with the host that the client asked, or else our own address.
    fn absolute(&self, uri: Uri, headers: &HeaderMap) -> Uri {
        let host = headers
            .get(header::HOST)
            .and_then(|host| Authority::try_from(host.as_bytes()).ok());
        let authority = host.or_else(|| Authority::try_from(self.address.to_string()).ok());
        let mut parts = uri.clone().into_parts();
        if parts.authority.is_none() {
            parts.scheme = Some(self.scheme.clone());
            parts.authority = authority;
        }
        // What has no absolute form, such as `*`, stays as it is.
        Uri::from_parts(parts).unwrap_or(uri)
    }
}

fn target_length(uri: &Uri) -> usize {
    uri.path_and_query().map_or(0, |target| target.as_str().len())
}

fn uri_too_long(limit: usize) -> Response<Body> {
    let message = format!("the path and query are longer than the {limit} bytes that this server takes");
    ApiError::new(StatusCode::URI_TOO_LONG, ErrorCode::UNSUPPORTED, message).into_response()
}

fn too_slow() -> Response<Body> {
    let message = "the body came too slowly; what had arrived of an upload is kept: ask for its status and go on";
    ApiError::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::UNKNOWN, message)
        .with_header(header::CONNECTION, "close")
        .into_response()
}

fn id_value(id: &str) -> HeaderValue {
    HeaderValue::from_str(id).expect("a request id is made of digits and a hyphen")
}

/// `X-Request-Id`: under which id the request is in the server's log.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
