//! Conditional requests: the entity tag of content is its digest.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use oci_spec_types::{Digest, TagOrDigest};

use crate::response::ascii;
use crate::storage::{EntityTag, Precondition};

/// The `ETag` of content.
pub(crate) fn entity_tag(digest: &Digest) -> HeaderValue {
    ascii(EntityTag(digest))
}

/// Whether the client has this content already, by its `If-None-Match`.
pub(super) fn not_modified(headers: &HeaderMap, digest: &Digest) -> bool {
    let precondition = Precondition::new(TagOrDigest::Digest(digest.clone()));
    list(headers, header::IF_NONE_MATCH).is_some_and(|list| !precondition.with_if_none_match(list).holds(Some(digest)))
}

/// What a request that changes `reference` makes a condition, by its `If-Match` and `If-None-Match`.
pub(super) fn precondition(headers: &HeaderMap, reference: &TagOrDigest) -> Option<Precondition> {
    let if_match = list(headers, header::IF_MATCH);
    let if_none_match = list(headers, header::IF_NONE_MATCH);
    if if_match.is_none() && if_none_match.is_none() {
        return None;
    }
    let mut precondition = Precondition::new(reference.clone());
    if let Some(list) = if_match {
        precondition = precondition.with_if_match(list);
    }
    if let Some(list) = if_none_match {
        precondition = precondition.with_if_none_match(list);
    }
    Some(precondition)
}

/// Whether a `Range` counts: there is no `If-Range`, or it names this content.
pub(super) fn range_applies(headers: &HeaderMap, digest: &Digest) -> bool {
    headers
        .get(header::IF_RANGE)
        .is_none_or(|tag| tag == entity_tag(digest))
}

/// A list that may be spread over several lines; `None` without any. What is not ASCII names nothing.
fn list(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}
