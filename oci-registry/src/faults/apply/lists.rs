//! Lists, their pages, and those that are not there.

use http::header::LINK;
use http::{HeaderValue, StatusCode};

use super::answers::html;
use super::{Answer, Exchange};
use crate::hooks::{refuse, route, set_target};
use crate::response::OCI_SUBJECT;
use crate::routes::Route;

pub(super) async fn page_of_one(exchange: Exchange<'_>) -> Answer {
    let (response, fault) = one_entry(exchange).ask().await?;
    if response.status() == StatusCode::OK {
        fault.happens();
    }
    Ok(response)
}

pub(super) async fn missing_link(exchange: Exchange<'_>) -> Answer {
    let (mut response, fault) = one_entry(exchange).ask().await?;
    if response.headers_mut().remove(LINK).is_some() {
        fault.happens();
    }
    Ok(response)
}

pub(super) async fn link_loop(exchange: Exchange<'_>) -> Answer {
    let target = exchange.request.uri().path_and_query().map(ToString::to_string);
    let (mut response, fault) = exchange.ask().await?;
    let link = target.and_then(|target| HeaderValue::try_from(format!("<{target}>; rel=\"next\"")).ok());
    if let Some(link) = link.filter(|_| response.status() == StatusCode::OK) {
        response.headers_mut().insert(LINK, link);
        fault.happens();
    }
    Ok(response)
}

pub(super) async fn no_referrers(exchange: Exchange<'_>, status: StatusCode) -> Answer {
    if matches!(route(&exchange.request), Some(Route::Referrers(..))) {
        exchange.pending.happens();
        return Ok(if status.is_success() {
            html(status)
        } else {
            refuse(status, "UNSUPPORTED", "this registry does not list referrers")
        });
    }
    let (mut response, fault) = exchange.ask().await?;
    if response.headers_mut().remove(OCI_SUBJECT).is_some() {
        fault.happens();
    }
    Ok(response)
}

/// Asks for one entry in place of as many as the client wants.
fn one_entry(mut exchange: Exchange<'_>) -> Exchange<'_> {
    let query = exchange.request.uri().query().unwrap_or_default();
    let others = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("n="));
    let pairs: Vec<&str> = others.chain(["n=1"]).collect();
    let target = format!("{}?{}", exchange.request.uri().path(), pairs.join("&"));
    set_target(&mut exchange.request, &target);
    exchange
}
