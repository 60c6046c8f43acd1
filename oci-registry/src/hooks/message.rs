//! Requests and responses as hooks need them.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Uri};
use oci_client_core::transport::{Body, TransportError};
use oci_spec_types::distribution::ErrorCode;
use serde_json::Value;

use super::chain::Answer;
use crate::error::ApiError;
use crate::response;
use crate::routes::Route;

/// What a request is about; `None` if that is no part of the API.
pub(crate) fn route(request: &Request<Body>) -> Option<Route> {
    Route::parse(request.method(), request.uri().path()).ok()
}

/// A request of a hook's own.
pub(super) fn own(method: Method, path: &str) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    set_target(&mut request, path);
    request
}

/// Gives the request another path and query. A target that no URI can have leaves it as it is, for the registry to refuse.
pub(crate) fn set_target(request: &mut Request<Body>, target: &str) {
    let mut parts = request.uri().clone().into_parts();
    if let Ok(target) = target.parse::<PathAndQuery>() {
        parts.path_and_query = Some(target);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}

/// A header field as text.
pub(super) fn text(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// Replaces `Location`, if there is one, with what `change` makes of it.
pub(super) fn relocate(response: &mut Response<Body>, change: impl FnOnce(&str) -> Option<String>) {
    let changed = text(response, LOCATION)
        .and_then(change)
        .and_then(|location| HeaderValue::try_from(location).ok());
    if let Some(location) = changed {
        response.headers_mut().insert(LOCATION, location);
    }
}

/// A refusal in the spec's form.
pub(crate) fn refuse(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    ApiError::new(status, ErrorCode::from(code), message).into_response()
}

/// A refusal in the spec's form, as an answer.
pub(super) fn refused(status: u16, code: &str, message: impl AsRef<str>) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    Ok(refuse(status, code, message.as_ref()))
}

/// A text as a response.
pub(crate) fn plain(status: StatusCode, media_type: &'static str, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text.as_bytes().to_vec()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(CONTENT_LENGTH, text.len().into());
    response
}

/// Changes the JSON document in a response; one without a document stays as it is.
pub(super) async fn edit(response: Response<Body>, change: impl FnOnce(&mut Value) + Send) -> Answer {
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect(DOCUMENT_LIMIT).await?;
    let Ok(mut document) = serde_json::from_slice(&bytes) else {
        return Ok(Response::from_parts(parts, bytes.into()));
    };
    change(&mut document);
    let bytes = response::document(&document);
    parts.headers.insert(CONTENT_LENGTH, bytes.len().into());
    Ok(Response::from_parts(parts, bytes.into()))
}

/// The JSON document in a response.
pub(super) async fn read(response: Response<Body>) -> Result<Value, TransportError> {
    let bytes = response.into_body().collect(DOCUMENT_LIMIT).await?;
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

/// The JSON document that a request carries, and the request again; `null` if it carries none.
pub(super) async fn peek(request: Request<Body>) -> Result<(Request<Body>, Value), TransportError> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect(DOCUMENT_LIMIT).await?;
    let document = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok((Request::from_parts(parts, bytes.into()), document))
}

/// The strings of a list in a document.
pub(super) fn strings<'d>(document: &'d Value, name: &str) -> Vec<&'d str> {
    let list = document.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The largest document that is read: as large as pages of lists get, and twice that.
const DOCUMENT_LIMIT: usize = 32 << 20;
