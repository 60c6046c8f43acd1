//! Blobs.

use http::{HeaderMap, Method, StatusCode, header};
use oci_spec_types::Digest;

use super::follower::Follower;
use super::pull::{self, Pull};
use super::{Prepared, Wanted};
use crate::error::ApiError;
use crate::handlers::conditions::entity_tag;
use crate::registry::Call;
use crate::response::{self, DOCKER_CONTENT_DIGEST, ascii};
use crate::storage::KeptKind;

pub(super) async fn prepare(wanted: &Wanted, call: &Call<'_>, digest: &Digest) -> Result<Prepared, ApiError> {
    let storage = &wanted.service.storage;
    if storage.refresh(&wanted.here, KeptKind::Blob, digest).await? {
        return Ok(Prepared::stored());
    }
    let key = wanted.key(format!("blob {digest}"));
    let upstream = &wanted.upstream;
    let now = upstream.client.runtime().now().monotonic;
    if let Some(Err(failure)) = upstream.checks.get(now, &key) {
        return Err(failure.into());
    }
    if call.method == Method::HEAD {
        // There is nothing to verify, and who asks may not want the blob.
        let size = pull::size(wanted, digest).await.inspect_err(|failure| {
            upstream.remember(key, std::time::Duration::ZERO, Err(failure.clone()));
        })?;
        return Ok(Prepared::Answered(response::empty(head(digest, size))));
    }
    let (pull, live) = Pull::join(wanted, &key, digest, is_plain(call.headers))?;
    let Some(live) = live else {
        pull.ended().await?;
        return Ok(Prepared::stored());
    };
    let size = pull.size().await?;
    let body = Follower::new(wanted, digest, size, pull, live).into_body();
    Ok(Prepared::Answered(response::with_body(head(digest, size), body)))
}

/// Whether the whole blob is asked for, whatever the client has.
fn is_plain(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::RANGE) && !headers.contains_key(header::IF_NONE_MATCH)
}

fn head(digest: &Digest, size: u64) -> http::response::Builder {
    response::respond(StatusCode::OK)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_LENGTH, size)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::ETAG, entity_tag(digest))
        .header(DOCKER_CONTENT_DIGEST, ascii(digest))
}
