//! Faults in bodies.

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response};
use http_body::Body as _;
use oci_client_core::transport::Body;

use super::bodies::{Ending, corrupted, duplicated, shortened};
use super::{Answer, Exchange};
use crate::faults::fault::Direction;

pub(super) async fn corrupt(exchange: Exchange<'_>, at: u64, direction: Direction) -> Answer {
    match direction {
        Direction::Request => {
            let at = wrapped(at, length(exchange.request.headers(), exchange.request.body()));
            let request = exchange.request.map(|body| corrupted(body, at, exchange.pending));
            exchange.inner.send(request).await
        }
        Direction::Response => {
            let (response, fault) = exchange.ask().await?;
            let at = wrapped(at, length_of(&response));
            Ok(response.map(|body| corrupted(body, at, fault)))
        }
    }
}

pub(super) async fn shorten(exchange: Exchange<'_>, after: u64, ending: Ending) -> Answer {
    let (response, fault) = exchange.ask().await?;
    let after = wrapped(after, length_of(&response));
    Ok(response.map(|body| shortened(body, after, ending, fault)))
}

pub(super) async fn truncate_chunked(exchange: Exchange<'_>, after: u64) -> Answer {
    let (mut response, fault) = exchange.ask().await?;
    let after = wrapped(after, length_of(&response));
    response.headers_mut().remove(CONTENT_LENGTH);
    Ok(response.map(|body| shortened(unmeasured(body), after, Ending::Clean, fault)))
}

pub(super) async fn duplicate(exchange: Exchange<'_>, at: u64, length: u64) -> Answer {
    let (mut response, fault) = exchange.ask().await?;
    let total = length_of(&response);
    let at = wrapped(at, total);
    let left = total.map_or(MOST_TWICE, |total| total.saturating_sub(at));
    let length = length.min(MOST_TWICE).min(left);
    let promised = total.map(|total| total.saturating_add(length));
    if let Some(promised) = promised.filter(|_| response.headers().contains_key(CONTENT_LENGTH)) {
        response.headers_mut().insert(CONTENT_LENGTH, promised.into());
    }
    Ok(response.map(|body| duplicated(body, at, length, promised, fault)))
}

/// How long the body of a response is, if that is known.
fn length_of(response: &Response<Body>) -> Option<u64> {
    length(response.headers(), response.body())
}

fn length(headers: &HeaderMap, body: &Body) -> Option<u64> {
    let stated = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    stated.or_else(|| body.size_hint().exact())
}

/// Where an offset lies in a body of this length.
fn wrapped(offset: u64, length: Option<u64>) -> u64 {
    length.and_then(|length| offset.checked_rem(length)).unwrap_or(offset)
}

/// A body that does not say how long it is.
fn unmeasured(body: Body) -> Body {
    let pieces = futures_util::stream::try_unfold(body, |mut body| async move {
        Ok(body.chunk().await.transpose()?.map(|piece| (piece, body)))
    });
    Body::from_stream(pieces, None)
}

/// How many bytes are kept to be sent once more.
const MOST_TWICE: u64 = 1 << 20;
