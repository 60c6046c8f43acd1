//! Connections that are lost, and answers that are late.

use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http_body::Body as _;
use oci_client_core::transport::TransportErrorKind;

use super::bodies::{Ending, lost, shortened};
use super::{Answer, Exchange};

/// The registry gets the first bytes of the body, and the client no answer.
pub(super) async fn lost_within_request(exchange: Exchange<'_>, after: u64, kind: TransportErrorKind) -> Answer {
    let request = exchange.request;
    let stated = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let length = stated.or_else(|| request.body().size_hint().exact());
    let after = length.and_then(|length| after.checked_rem(length)).unwrap_or(after);
    let happened = exchange.pending.happened();
    let request = request.map(|body| shortened(body, after, Ending::Failure(kind), exchange.pending));
    let answer = exchange.inner.send(request).await;
    // A registry that answers without having read that far keeps its answer.
    if happened.load(Ordering::Acquire) {
        Err(lost(kind))
    } else {
        answer
    }
}

/// The registry does what it is asked to do, and the client does not hear of it.
pub(super) async fn lost_answer(exchange: Exchange<'_>) -> Answer {
    let (answer, fault) = exchange.ask().await?;
    drop(answer);
    fault.happens();
    Err(lost(TransportErrorKind::Reset))
}

pub(super) fn lost_request(exchange: Exchange<'_>) -> Answer {
    exchange.pending.happens();
    Err(lost(TransportErrorKind::Reset))
}

pub(super) async fn silence(exchange: Exchange<'_>) -> Answer {
    let (answer, fault) = exchange.ask().await?;
    drop(answer);
    fault.happens();
    pending().await
}

pub(super) async fn delayed(exchange: Exchange<'_>, delay: Duration) -> Answer {
    exchange.runtime.sleep(delay).await;
    let Exchange {
        inner,
        pending,
        request,
        ..
    } = exchange;
    pending.happens();
    inner.send(request).await
}
