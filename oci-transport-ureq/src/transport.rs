use std::fmt;
use std::io::{self, Read};

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use oci_client_core::blocking::{BlockingTransport, Body};
use oci_client_core::proto::outbound::{ServerSupplied, check_address};
use oci_client_core::transport::{BuildError, Timeouts, TransportError, TransportErrorKind};
use ureq::{Agent, SendBody};

use crate::UreqTransportBuilder;
use crate::connector::uploading;
use crate::transport_error::{before_response, in_response_body};
use crate::upload::{Stop, Upload};

/// A [`BlockingTransport`] on [`ureq`]: HTTP/1.1, with or without TLS.
///
/// Cloning it is cheap, and clones share their connections.
///
/// A host that a server has named, as in a redirect, is only connected to at a public address ([`is_public`](oci_client_core::proto::outbound::is_public)),
/// unless the registry's [`OutboundPolicy`](oci_client_core::proto::outbound::OutboundPolicy) says otherwise. A proxy that resolves names itself, as all but
/// those of the schemes `socks4` and `socks5` do, has to see to that on its own.
///
/// # Limits
/// A response may have up to 128 header fields, and 512 KiB of them.
#[derive(Clone)]
pub struct UreqTransport {
    agent: Agent,
    /// For hosts that a server has named.
    guarded: Agent,
}

impl UreqTransport {
    /// A transport with the default settings.
    ///
    /// # Errors
    /// [`BuildError`] if the TLS library cannot be set up.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// A transport to configure.
    pub fn builder() -> UreqTransportBuilder {
        UreqTransportBuilder::new()
    }

    pub(crate) const fn from_agents(agent: Agent, guarded: Agent) -> Self {
        Self { agent, guarded }
    }
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The agent's own output shows its proxy.
        formatter.debug_struct("UreqTransport").finish_non_exhaustive()
    }
}

impl BlockingTransport for UreqTransport {
    fn send(&self, request: Request<Body>, timeouts: &Timeouts) -> Result<Response<Body>, TransportError> {
        check(&request)?;
        let agent = if ServerSupplied::marks(&request) {
            &self.guarded
        } else {
            &self.agent
        };
        let method = request.method().clone();
        let stop = Stop::default();
        let answer = if request.body().is_streamed() {
            timeouts.commit().max(timeouts.head())
        } else {
            timeouts.head()
        };
        let request = agent
            .configure_request(to_ureq(request, &stop))
            .timeout_per_read(Some(timeouts.idle()))
            .timeout_per_write(Some(timeouts.head()))
            .timeout_recv_response(Some(answer))
            .build();
        let response = uploading(&stop, || agent.run(request));
        from_ureq(&method, response.map_err(before_response)?)
    }
}

fn check(request: &Request<Body>) -> Result<(), TransportError> {
    let other = |reason: &str| Err(TransportError::new(TransportErrorKind::Other, reason).unsent());
    if ServerSupplied::marks(request) {
        check_address(request.uri()).map_err(|error| TransportError::new(TransportErrorKind::Other, error).unsent())?;
    }
    match request.uri().scheme_str() {
        Some("http") => Ok(()),
        Some("https") if cfg!(feature = "rustls") => Ok(()),
        Some("https") => {
            let reason = "this build has no TLS: enable the feature `rustls` of oci-transport-ureq";
            Err(TransportError::new(TransportErrorKind::Tls, reason).unsent())
        }
        Some(_) => other("the URL is neither http nor https"),
        None => other("the URL is not absolute"),
    }
}

fn to_ureq(request: Request<Body>, stop: &Stop) -> Request<SendBody<'static>> {
    let (mut parts, body) = request.into_parts();
    let sends = [Method::PATCH, Method::POST, Method::PUT].contains(&parts.method);
    let declared = declared_length(&parts.headers);
    let remaining = declared.or(body.len());
    if let Some(length) = remaining.filter(|length| *length > 0 || sends) {
        parts
            .headers
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    if !sends && remaining == Some(0) {
        return Request::from_parts(parts, SendBody::none());
    }
    let upload = Upload {
        body,
        remaining,
        stop: stop.clone(),
    };
    Request::from_parts(parts, SendBody::from_owned_reader(upload))
}

fn from_ureq(method: &Method, response: Response<ureq::Body>) -> Result<Response<Body>, TransportError> {
    let (parts, body) = response.into_parts();
    let bodiless = *method == Method::HEAD || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !bodiless {
        check_framing(&parts.headers)?;
    }
    let body = if bodiless {
        Body::empty()
    } else {
        let length = body.content_length();
        Body::from_reader(Reading(body.into_reader()), length)
    };
    // The extensions stay behind: they hold the URL with its query.
    let mut response = Response::new(body);
    *response.status_mut() = parts.status;
    *response.version_mut() = parts.version;
    *response.headers_mut() = parts.headers;
    Ok(response)
}

/// Refuses a response of whose end two parties could have different ideas (RFC 9112, section 6.3).
fn check_framing(headers: &HeaderMap) -> Result<(), TransportError> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let reason = match (codings.next(), codings.next()) {
        (None, _) => return Ok(()),
        (Some(_), _) if headers.contains_key(CONTENT_LENGTH) => {
            "the response has both Transfer-Encoding and Content-Length"
        }
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => return Ok(()),
        _ => "the response has a Transfer-Encoding other than chunked",
    };
    Err(TransportError::new(TransportErrorKind::Other, reason))
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

struct Reading(ureq::BodyReader<'static>);

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| in_response_body(error).into())
    }
}
