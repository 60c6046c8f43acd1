//! Responses and their headers.

use std::fmt::Display;

use http::header::{self, HeaderName, HeaderValue};
use http::response::Builder;
use http::{Method, Response, StatusCode};
use oci_client_core::transport::Body;
use serde::Serialize;

use crate::error::ApiError;

/// `Docker-Content-Digest`: the digest of the content that the response is about.
pub(crate) const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// `OCI-Filters-Applied`: which filters a referrers response has applied.
pub(crate) const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
/// `OCI-Namespace`: the registry that a request to a proxy has named.
#[cfg(feature = "upstream")]
pub(crate) const OCI_NAMESPACE: HeaderName = HeaderName::from_static("oci-namespace");
/// `OCI-Subject`: the subject of a pushed manifest, which tells the client that the registry keeps referrers.
pub(crate) const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// `OCI-Tag`: a tag that a manifest push by digest has set.
pub(crate) const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");

/// What a handler returns.
pub(crate) type Outcome = Result<Response<Body>, ApiError>;

/// Starts a response.
pub(crate) fn respond(status: StatusCode) -> Builder {
    Response::builder().status(status)
}

/// Ends a response without a body.
pub(crate) fn empty(builder: Builder) -> Response<Body> {
    with_body(builder, Body::empty())
}

/// Ends a response with `body`.
pub(crate) fn with_body(builder: Builder, body: Body) -> Response<Body> {
    builder.body(body).expect("every header value went through `ascii`")
}

/// A JSON document as a response.
pub(crate) fn json(status: StatusCode, media_type: &str, document: &impl Serialize) -> Response<Body> {
    with_body(
        respond(status).header(header::CONTENT_TYPE, media_type),
        Body::from(self::document(document)),
    )
}

/// A page of a list as a response, with a link to the next page.
pub(crate) fn list(media_type: &str, document: &impl Serialize, link: Option<HeaderValue>) -> Response<Body> {
    let mut response = json(StatusCode::OK, media_type, document);
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// Leaves the body out of an answer to a HEAD; its length stays.
pub(crate) fn answer_to(method: &Method, response: Response<Body>) -> Response<Body> {
    if method == Method::HEAD {
        response.map(|_| Body::empty())
    } else {
        response
    }
}

/// The bytes of a JSON document.
pub(crate) fn document(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("our documents have string keys and no `Serialize` that fails")
}

/// A header value from one of our types, all of which are written in visible ASCII.
pub(crate) fn ascii(value: impl Display) -> HeaderValue {
    HeaderValue::try_from(value.to_string()).expect("names, digests, media types and encoded paths are visible ASCII")
}
