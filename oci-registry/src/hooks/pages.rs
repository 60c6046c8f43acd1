//! Lists of tags, cut into pages in other ways.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{HeaderValue, LINK};
use http::{Method, Request, Response};
use oci_client_core::transport::Body;
use serde_json::Value;

use super::chain::{Answer, Hook, Next};
use super::message::{edit, refused, route, set_target, strings};
use crate::paging::next_link;
use crate::query::{Query, encode};
use crate::routes::Route;

/// A full page always names a next one, and an empty page has `null` in place of a list.
pub(crate) struct EmptyLastPage;

#[async_trait]
impl Hook for EmptyLastPage {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let path = request.uri().path().to_owned();
        let size = size(&request);
        if !lists_tags(&request) {
            return next.run(request).await;
        }
        let response = next.run(request).await?;
        let is_last = response.status().is_success() && !response.headers().contains_key(LINK);
        if !is_last {
            return Ok(response);
        }
        let mut link = None;
        let mut response = edit(response, |list| {
            let tags = strings(list, "tags");
            match (tags.last(), size) {
                (Some(last), Some(size)) if tags.len() == size => link = Some(next_link(&path, size, last, &[])),
                (None, _) => set(list, "tags", Value::Null),
                _ => {}
            }
        })
        .await?;
        put_link(&mut response, link);
        Ok(response)
    }
}

/// Refuses pages of more than so many entries.
pub(crate) struct LargestPage {
    pub(crate) entries: usize,
}

#[async_trait]
impl Hook for LargestPage {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        if size(&request).is_some_and(|size| size > self.entries) {
            let message = format!("`n` must be at most {}", self.entries);
            return refused(400, "UNSUPPORTED", message);
        }
        next.run(request).await
    }
}

/// Pages of one size whatever `n` says, linked by a parameter that only the registry understands.
pub(crate) struct OpaquePages {
    pub(crate) entries: usize,
}

#[async_trait]
impl Hook for OpaquePages {
    async fn answer(&self, mut request: Request<Body>, next: Next<'_>) -> Answer {
        if !lists_tags(&request) {
            return next.run(request).await;
        }
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default();
        let page = query.split('&').find_map(|pair| pair.strip_prefix("next_page="));
        let last = match page.map(last_before) {
            None => String::new(),
            Some(Some(last)) => format!("&last={}", encode(&last)),
            Some(None) => return refused(400, "UNSUPPORTED", "`next_page` is none that this registry gave"),
        };
        set_target(&mut request, &format!("{path}?n={}{last}", self.entries));
        let response = next.run(request).await?;
        if !response.headers().contains_key(LINK) {
            return Ok(response);
        }
        let mut link = None;
        let mut response = edit(response, |list| {
            let last = strings(list, "tags").last().map(|last| page_after(last));
            let target = last.map(|page| format!("<{path}?next_page={page}>; rel=\"next\""));
            link = target.and_then(|target| HeaderValue::try_from(target).ok());
        })
        .await?;
        put_link(&mut response, link);
        Ok(response)
    }
}

/// Puts a member into a document that is an object.
pub(super) fn set(document: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = document {
        members.insert(name.to_owned(), value);
    }
}

pub(super) fn lists_tags(request: &Request<Body>) -> bool {
    request.method() == Method::GET && matches!(route(request), Some(Route::Tags(_)))
}

/// The parameter for the page after `last`. That its end is percent-encoded matters: the parameter is compared as it stands.
fn page_after(last: &str) -> String {
    format!("{}{PAGE_END}", URL_SAFE_NO_PAD.encode(last))
}

fn last_before(page: &str) -> Option<String> {
    let encoded = page.strip_suffix(PAGE_END)?;
    String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

fn size(request: &Request<Body>) -> Option<usize> {
    Query::parse(request.uri().query()).ok()?.first("n")?.parse().ok()
}

fn put_link(response: &mut Response<Body>, link: Option<HeaderValue>) {
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
}

const PAGE_END: &str = "%3D";
