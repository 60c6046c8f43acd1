//! Reading and deleting blobs.

use http::{Method, StatusCode, header};
use oci_client_core::transport::Body;
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{Digest, RepositoryName};

use super::conditions::{entity_tag, not_modified, range_applies};
use crate::error::ApiError;
use crate::range::Requested;
use crate::registry::Call;
use crate::response::{self, DOCKER_CONTENT_DIGEST, Outcome, ascii};
use crate::storage::{KeptKind, StoredBlob};

/// `GET`, `HEAD` and `DELETE` of `/v2/<name>/blobs/<digest>`.
pub(crate) async fn answer(call: &Call<'_>, repository: &RepositoryName, digest: &Digest) -> Outcome {
    match *call.method {
        Method::DELETE => delete(call, repository, digest).await,
        Method::GET | Method::HEAD => get(call, repository, digest).await,
        _ => Err(ApiError::method_not_allowed()),
    }
}

async fn get(call: &Call<'_>, repository: &RepositoryName, digest: &Digest) -> Outcome {
    if call.method == Method::HEAD {
        // Whoever asks without reading is about to rely on it.
        call.service.storage.refresh(repository, KeptKind::Blob, digest).await?;
    }
    let blob = call
        .service
        .storage
        .blob(repository, digest)
        .await?
        .ok_or_else(|| ApiError::blob_unknown(digest))?;
    if not_modified(call.headers, digest) {
        let builder = response::respond(StatusCode::NOT_MODIFIED)
            .header(header::ETAG, entity_tag(digest))
            .header(DOCKER_CONTENT_DIGEST, ascii(digest));
        return Ok(response::empty(builder));
    }
    let range = if range_applies(call.headers, digest) {
        call.header(header::RANGE)
    } else {
        None
    };
    let size = blob.size();
    // HEAD defines no ranges.
    let requested = if call.method == Method::HEAD {
        Requested::Whole
    } else {
        Requested::parse(range, size)
    };
    match requested {
        Requested::Part(range) => {
            let content_range = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            let builder = response::respond(StatusCode::PARTIAL_CONTENT).header(header::CONTENT_RANGE, content_range);
            Ok(content(builder, digest, blob, range))
        }
        Requested::Unsatisfiable => Err(unsatisfiable(size)),
        Requested::Whole => Ok(content(response::respond(StatusCode::OK), digest, blob, 0..size)),
    }
}

async fn delete(call: &Call<'_>, repository: &RepositoryName, digest: &Digest) -> Outcome {
    if !call.service.storage.unlink_blob(repository, digest).await? {
        return Err(ApiError::blob_unknown(digest));
    }
    Ok(response::empty(response::respond(StatusCode::ACCEPTED)))
}

fn content(
    builder: http::response::Builder,
    digest: &Digest,
    blob: StoredBlob,
    range: std::ops::Range<u64>,
) -> http::Response<Body> {
    // Whatever it claims to be elsewhere, a browser that comes here must not take it for a page.
    let builder = builder
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_LENGTH, range.end - range.start)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::ETAG, entity_tag(digest))
        .header(DOCKER_CONTENT_DIGEST, ascii(digest));
    response::with_body(builder, blob.read(range))
}

fn unsatisfiable(size: u64) -> ApiError {
    let message = format!("the range has no byte of the blob's {size}");
    ApiError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        ErrorCode::from("RANGE_INVALID"),
        message,
    )
    .with_header(header::CONTENT_RANGE, format_args!("bytes */{size}"))
}
