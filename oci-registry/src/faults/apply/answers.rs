//! Answers that the registry has not given.

use std::time::{Duration, SystemTime};

use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, EXPECT, LOCATION, RANGE, RETRY_AFTER, TRANSFER_ENCODING,
    WWW_AUTHENTICATE,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::Body;

use super::{Answer, Exchange};
use crate::faults::fault::RetryAfter;
use crate::hooks::{plain, refuse, set_target};

pub(super) fn early_success(exchange: Exchange<'_>, status: StatusCode) -> Response<Body> {
    exchange.pending.happens();
    empty(status)
}

pub(super) fn page(exchange: Exchange<'_>) -> Response<Body> {
    exchange.pending.happens();
    html(StatusCode::OK)
}

pub(super) fn refusal(exchange: Exchange<'_>, status: StatusCode) -> Response<Body> {
    exchange.pending.happens();
    refuse(status, "UNKNOWN", "a fault was to happen here")
}

pub(super) async fn success(exchange: Exchange<'_>, status: StatusCode) -> Answer {
    let (mut response, fault) = exchange.ask().await?;
    if response.status().is_success() && response.status() != status {
        *response.status_mut() = status;
        if status == StatusCode::NO_CONTENT {
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        fault.happens();
    }
    Ok(response)
}

pub(super) fn too_many_requests(exchange: Exchange<'_>, wait: RetryAfter) -> Response<Body> {
    let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", "too many requests");
    if let Some(value) = retry_after(wait, exchange.runtime) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    exchange.pending.happens();
    response
}

/// Answers as the registry answers `/v2/` to whoever has no credential.
pub(super) async fn unauthorized(exchange: Exchange<'_>) -> Answer {
    let mut look = head_of(&exchange.request, Method::GET);
    look.headers_mut().remove(AUTHORIZATION);
    set_target(&mut look, "/v2/");
    let own = match exchange.inner.send(look).await {
        Ok(response) if response.status() == StatusCode::UNAUTHORIZED => {
            response.headers().get(WWW_AUTHENTICATE).cloned()
        }
        _ => None,
    };
    let challenge = own.unwrap_or(HeaderValue::from_static("Basic realm=\"registry\""));
    let mut response = refuse(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    exchange.pending.happens();
    Ok(response)
}

/// Sends whoever reads a blob that is there to the other origin.
pub(super) async fn redirect(exchange: Exchange<'_>, status: StatusCode) -> Answer {
    if exchange.arrived {
        return exchange.go_on().await;
    }
    let mut look = head_of(&exchange.request, Method::HEAD);
    look.headers_mut().remove(RANGE);
    if exchange.inner.send(look).await?.status() != StatusCode::OK {
        return exchange.go_on().await;
    }
    let target = exchange.request.uri().path_and_query().map(ToString::to_string);
    let location = exchange.lead(&target.unwrap_or_default());
    let mut response = empty(status);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
        exchange.pending.happens();
    }
    Ok(response)
}

/// A page for people.
pub(super) fn html(status: StatusCode) -> Response<Body> {
    plain(status, "text/html; charset=utf-8", PAGE)
}

/// The same request with another method, and without its body.
fn head_of(request: &Request<Body>, method: Method) -> Request<Body> {
    let mut head = Request::new(Body::empty());
    *head.method_mut() = method;
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = request.headers().clone();
    for name in [CONTENT_LENGTH, CONTENT_RANGE, EXPECT, TRANSFER_ENCODING] {
        head.headers_mut().remove(name);
    }
    *head.extensions_mut() = request.extensions().clone();
    head
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn retry_after(wait: RetryAfter, runtime: &dyn Runtime) -> Option<HeaderValue> {
    match wait {
        RetryAfter::Date(wait) => {
            let date = seconds(runtime.now().unix.saturating_add(wait));
            // The last second that the format can write.
            let date = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(date.min(LAST_DATE)))?;
            HeaderValue::try_from(httpdate::fmt_http_date(date)).ok()
        }
        RetryAfter::Never => None,
        RetryAfter::Seconds(wait) => Some(seconds(wait).into()),
    }
}

/// Rounded up: who waits for this long must not be too early.
fn seconds(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_add(u64::from(duration.subsec_nanos() > 0))
}

/// 9999-12-31T23:59:59Z, the end of the years with four digits.
const LAST_DATE: u64 = 253_402_300_799;
const PAGE: &str = "<!doctype html><title>Registry</title><p>There is nothing here for a program.</p>";
