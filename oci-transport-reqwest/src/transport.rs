use std::fmt;

use async_trait::async_trait;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use oci_client_core::proto::outbound::{ServerSupplied, check_address};
use oci_client_core::transport::{Body, BuildError, Transport, TransportError, TransportErrorKind};
use tokio::runtime::Handle;

use crate::body::{RequestBody, ResponseBody, Upload};
use crate::connections::{Connections, Place};
use crate::transport_error::before_response;
use crate::{ReqwestTransportBuilder, plan, tls};

/// A [`Transport`] on [`reqwest`]: HTTP/1.1 and HTTP/2, with or without TLS.
///
/// Cloning it is cheap, and clones share their connections. Its futures must run inside a Tokio runtime.
///
/// An upload stops as soon as the server refuses or redirects it: what is left of the request body is not read any
/// more, and its connection, or its stream in HTTP/2, is closed once the response has been read or dropped.
///
/// Over HTTP/2 all requests to an origin share a connection, except for [parts of a blob](oci_client_core::proto::ParallelPart) that come at the same time: those have connections of their
/// own, up to [a number](ReqwestTransportBuilder::parallel_connections). A transport on a ready-made client, or on reqwest's own builder, has none of these.
///
/// A host that a server has named, as in a redirect, is only connected to at a public address ([`is_public`](oci_client_core::proto::outbound::is_public)),
/// unless the registry's [`OutboundPolicy`](oci_client_core::proto::outbound::OutboundPolicy) says otherwise. A proxy that resolves names itself, as all but
/// those of the schemes `socks4` and `socks5` do, has to see to that on its own.
///
/// # Limits
/// A response may have up to 4,096 header fields, and about 400 KiB of them in HTTP/1.1 or 512 KiB in HTTP/2.
#[derive(Clone)]
pub struct ReqwestTransport {
    connections: Connections,
    /// For hosts that a server has named.
    guarded: Option<Connections>,
    https: bool,
}

impl ReqwestTransport {
    /// A transport with the default settings.
    ///
    /// # Errors
    /// [`BuildError`] if the TLS library cannot be set up.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// A transport to configure.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::new()
    }

    /// A transport from reqwest's own builder, for what [`builder`](Self::builder) does not offer.
    ///
    /// Whatever `client` says of redirects, retries, `Referer` and decompression is switched off, and the limits of
    /// header fields are raised. Everything else is taken as it is, so keep in mind:
    /// - A cookie store or default headers apply to every host; give it neither, and above all no credentials.
    /// - [`read_timeout`](reqwest::ClientBuilder::read_timeout) also counts the time that a long upload takes.
    /// - There is no connect timeout unless `client` sets one.
    /// - Over HTTP/2 parts of blobs share one connection, as a second client like it cannot be made.
    /// - What the names resolve to that servers lead to is not looked at; give it a
    ///   [`dns_resolver`](reqwest::ClientBuilder::dns_resolver) where private addresses must not be reached.
    /// - TLS is as `client` has it, but without a TLS feature of this crate `https` is refused. With the feature
    ///   `rustls`, reqwest may need the process to have a default crypto provider: where there is none yet, this makes
    ///   it ring, as rustls itself does when it has to choose.
    ///
    /// # Errors
    /// [`BuildError`] if reqwest refuses a setting.
    pub fn from_reqwest(client: reqwest::ClientBuilder) -> Result<Self, BuildError> {
        tls::ensure_default_provider();
        Ok(Self::from_connections(Connections::of(plan::finish(client)?), None))
    }

    /// A transport on a ready-made client, whose settings cannot be checked.
    ///
    /// # Danger
    /// A client that follows redirects, retries, decompresses or keeps cookies, as reqwest's default one partly does,
    /// breaks the rules that keep credentials with their origin and content verified. Where reqwest was built without
    /// TLS, it hands `https` requests to a proxy in the clear. Prefer [`from_reqwest`](Self::from_reqwest).
    pub const fn danger_from_client(client: reqwest::Client) -> Self {
        Self {
            connections: Connections::of(client),
            guarded: None,
            https: true,
        }
    }

    pub(crate) const fn from_connections(connections: Connections, guarded: Option<Connections>) -> Self {
        Self {
            connections,
            guarded,
            https: tls::AVAILABLE,
        }
    }

    #[cfg(test)]
    pub(crate) const fn connections(&self) -> &Connections {
        &self.connections
    }

    fn check(&self, request: &Request<Body>) -> Result<(), TransportError> {
        // Without TLS, reqwest would hand an https request to a proxy in the clear.
        if !self.https && request.uri().scheme_str() == Some("https") {
            let reason = "this build has no TLS: enable the feature `rustls` or `native-tls` of oci-transport-reqwest";
            return Err(TransportError::new(TransportErrorKind::Tls, reason).unsent());
        }
        if ServerSupplied::marks(request) {
            check_address(request.uri())
                .map_err(|error| TransportError::new(TransportErrorKind::Other, error).unsent())?;
        }
        match Handle::try_current() {
            Ok(_) => Ok(()),
            Err(error) => Err(TransportError::new(TransportErrorKind::Other, error).unsent()),
        }
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client's own output shows its proxies and default headers.
        formatter.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        self.check(&request)?;
        let method = request.method().clone();
        let guarded = self.guarded.as_ref().filter(|_| ServerSupplied::marks(&request));
        let (client, place) = guarded.unwrap_or(&self.connections).choose(&request);
        let upload = Upload::new();
        let request = to_reqwest(request, &upload)?;
        match client.execute(request).await {
            Ok(response) => from_reqwest(&method, response.into(), upload, place),
            Err(error) => {
                if let Some(place) = place.filter(|_| error.is_connect()) {
                    place.not_connected();
                }
                Err(upload.take_failure().unwrap_or_else(|| before_response(error)))
            }
        }
    }
}

fn to_reqwest(request: Request<Body>, upload: &Upload) -> Result<reqwest::Request, TransportError> {
    let (mut parts, body) = request.into_parts();
    let body = RequestBody::new(body, declared_length(&parts.headers), upload.clone());
    if http_body::Body::is_end_stream(&body) && [Method::PATCH, Method::POST, Method::PUT].contains(&parts.method) {
        // RFC 9110, section 8.6; hyper leaves it out, and some servers then answer 411.
        parts
            .headers
            .entry(CONTENT_LENGTH)
            .or_insert(HeaderValue::from_static("0"));
    }
    Request::from_parts(parts, reqwest::Body::wrap(body))
        .try_into()
        .map_err(|error| before_response(error).unsent())
}

fn from_reqwest(
    method: &Method,
    response: Response<reqwest::Body>,
    upload: Upload,
    place: Option<Place>,
) -> Result<Response<Body>, TransportError> {
    let (parts, body) = response.into_parts();
    if let Some(place) = &place {
        place.answered(parts.status, parts.version);
    }
    if !parts.status.is_success() {
        upload.pause();
    }
    let body = ResponseBody::new(body, upload, place);
    if *method != Method::HEAD && parts.version < Version::HTTP_2 {
        check_framing(parts.status, &parts.headers)?;
    }
    // The extensions stay behind: they hold the URL with its query.
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = parts.status;
    *response.version_mut() = parts.version;
    *response.headers_mut() = parts.headers;
    Ok(response)
}

/// Refuses a response of whose end two parties could have different ideas (RFC 9112, section 6.3).
fn check_framing(status: StatusCode, headers: &HeaderMap) -> Result<(), TransportError> {
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(());
    }
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
