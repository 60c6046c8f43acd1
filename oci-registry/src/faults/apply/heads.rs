//! Header fields that are wrong, missing, or other than most write them.

use http::header::{CONTENT_RANGE, HeaderName, LOCATION, RANGE};
use http::{HeaderValue, Response, StatusCode};
use oci_client_core::transport::Body;
use oci_spec_types::Digest;
use url::Url;

use super::{Answer, Exchange, base};
use crate::faults::elsewhere::target;
use crate::faults::log::Pending;
use crate::response::DOCKER_CONTENT_DIGEST;

pub(super) async fn absolute_location(exchange: Exchange<'_>) -> Answer {
    let base = base(exchange.request.uri());
    let (mut response, fault) = exchange.ask().await?;
    let location = base.and_then(|base| base.join(location(&response)?).ok());
    set(&mut response, LOCATION, location.map(String::from), fault);
    Ok(response)
}

pub(super) async fn relative_location(exchange: Exchange<'_>) -> Answer {
    let base = base(exchange.request.uri());
    let (mut response, fault) = exchange.ask().await?;
    let location = base.and_then(|base| base.make_relative(&base.join(location(&response)?).ok()?));
    set(&mut response, LOCATION, location, fault);
    Ok(response)
}

pub(super) async fn foreign_location(exchange: Exchange<'_>) -> Answer {
    let base = base(exchange.request.uri());
    let authorization = exchange.request.headers().get(http::header::AUTHORIZATION).cloned();
    let elsewhere = exchange.elsewhere;
    let (mut response, fault) = exchange.ask().await?;
    let led = base.and_then(|base: Url| target(&base, location(&response)?));
    let led = led.map(|target| elsewhere.lead(&target, authorization));
    set(&mut response, LOCATION, led, fault);
    Ok(response)
}

pub(super) async fn missing_location(exchange: Exchange<'_>) -> Answer {
    without(exchange, LOCATION).await
}

pub(super) async fn missing_digest(exchange: Exchange<'_>) -> Answer {
    without(exchange, DOCKER_CONTENT_DIGEST).await
}

pub(super) async fn wrong_digest(exchange: Exchange<'_>) -> Answer {
    let (mut response, fault) = exchange.ask().await?;
    let there = response.headers().contains_key(DOCKER_CONTENT_DIGEST);
    let other = there.then(|| Digest::sha256(b"other content").to_string());
    set(&mut response, DOCKER_CONTENT_DIGEST, other, fault);
    Ok(response)
}

pub(super) async fn ignore_range(mut exchange: Exchange<'_>) -> Answer {
    exchange.request.headers_mut().remove(RANGE);
    let (response, fault) = exchange.ask().await?;
    if response.status() == StatusCode::OK {
        fault.happens();
    }
    Ok(response)
}

pub(super) async fn wrong_content_range(exchange: Exchange<'_>) -> Answer {
    let (mut response, fault) = exchange.ask().await?;
    let range = response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|range| range.to_str().ok());
    let later = range.and_then(a_byte_later);
    set(&mut response, CONTENT_RANGE, later, fault);
    Ok(response)
}

pub(super) async fn zero_range(exchange: Exchange<'_>) -> Answer {
    let (mut response, fault) = exchange.ask().await?;
    // An answer that ends an upload has none to be wrong.
    if response.headers().contains_key(RANGE) {
        set(&mut response, RANGE, Some("0-0".to_owned()), fault);
    }
    Ok(response)
}

fn location(response: &Response<Body>) -> Option<&str> {
    response.headers().get(LOCATION)?.to_str().ok()
}

/// Sets a header field, if there is something to set it to.
fn set(response: &mut Response<Body>, name: HeaderName, value: Option<String>, fault: Pending) {
    if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
        response.headers_mut().insert(name, value);
        fault.happens();
    }
}

async fn without(exchange: Exchange<'_>, name: HeaderName) -> Answer {
    let (mut response, fault) = exchange.ask().await?;
    if response.headers_mut().remove(name).is_some() {
        fault.happens();
    }
    Ok(response)
}

/// `bytes 4-6/10` as `bytes 5-7/11`. A refusal's `bytes */10` is none of a part.
fn a_byte_later(range: &str) -> Option<String> {
    let (part, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    let later = |number: &str| number.parse::<u64>().ok()?.checked_add(1);
    Some(format!("bytes {}-{}/{}", later(first)?, later(last)?, later(total)?))
}
