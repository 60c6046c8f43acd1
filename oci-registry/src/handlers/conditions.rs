//! Conditional requests: the entity tag of content is its digest.

use http::{HeaderMap, HeaderValue, header};
use oci_spec_types::Digest;

use crate::response::ascii;

/// The `ETag` of content.
pub(super) fn entity_tag(digest: &Digest) -> HeaderValue {
    ascii(format_args!("\"{digest}\""))
}

/// Whether the client has this content already, by its `If-None-Match`.
pub(super) fn not_modified(headers: &HeaderMap, digest: &Digest) -> bool {
    let tag = entity_tag(digest);
    let lines = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(|candidate| candidate.trim())
        .any(|candidate| candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == tag)
}

/// Whether a `Range` counts: there is no `If-Range`, or it names this content.
pub(super) fn range_applies(headers: &HeaderMap, digest: &Digest) -> bool {
    headers
        .get(header::IF_RANGE)
        .is_none_or(|tag| tag == entity_tag(digest))
}
