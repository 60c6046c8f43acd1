//! Uploads in chunks, and what becomes of them.

use async_trait::async_trait;
use http::header::{CONTENT_RANGE, LOCATION, RANGE};
use http::{HeaderValue, Method, Request, StatusCode};
use oci_client_core::transport::{Body, TransportErrorKind};

use super::chain::{Answer, Hook, Next};
use super::message::{own, refused, relocate, route, set_target, text};
use super::recent::Recent;
use crate::range;
use crate::routes::Route;
use crate::storage::UploadId;

/// Refuses a chunk of `bytes` or more with 416.
pub(crate) struct ChunkLimit {
    pub(crate) bytes: usize,
    pub(crate) message: &'static str,
}

#[async_trait]
impl Hook for ChunkLimit {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        if request.method() != Method::PATCH {
            return next.run(request).await;
        }
        let (parts, body) = request.into_parts();
        match body.collect(self.bytes.saturating_sub(1)).await {
            Ok(chunk) => next.run(Request::from_parts(parts, chunk.into())).await,
            Err(error) if error.kind() == TransportErrorKind::TooLarge => {
                refused(416, "BLOB_UPLOAD_INVALID", self.message)
            }
            Err(error) => Err(error),
        }
    }
}

/// Takes a blob in one piece only: a chunk with a `Content-Range`, or after another one, is refused.
pub(crate) struct NoChunks;

#[async_trait]
impl Hook for NoChunks {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let partial = request.headers().contains_key(CONTENT_RANGE)
            || (request.method() == Method::PATCH && received(request.uri().path(), next).await? > 0);
        if partial {
            return refused(400, "UNSUPPORTED", "chunked uploads are not supported");
        }
        next.run(request).await
    }
}

/// Answers a chunk with 201, reports no more than the first one, and has no status of a session.
pub(crate) struct UnreportedChunks {
    first: Recent<UploadId, HeaderValue>,
}

impl UnreportedChunks {
    pub(crate) fn new() -> Self {
        Self { first: Recent::new() }
    }
}

#[async_trait]
impl Hook for UnreportedChunks {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let Some(Route::Upload(_, id)) = route(&request) else {
            return next.run(request).await;
        };
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return refused(404, "BLOB_UPLOAD_UNKNOWN", "the upload could not be found");
        }
        let is_chunk = request.method() == Method::PATCH;
        let start = request
            .headers()
            .get(CONTENT_RANGE)
            .and_then(|value| value.to_str().ok());
        let start = start.and_then(range::chunk).map_or(0, |chunk| chunk.start);
        let mut response = next.run(request).await?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            let next = text(&response, RANGE).map_or(0, end);
            let message = format!("first byte of the layer part is {start} instead of {next}");
            return refused(416, "BLOB_UPLOAD_INVALID", message);
        }
        if is_chunk && response.status() == StatusCode::ACCEPTED {
            *response.status_mut() = StatusCode::CREATED;
            let first = self.first.get(&id).or_else(|| response.headers().get(RANGE).cloned());
            if let Some(first) = first {
                self.first.set(id, first.clone());
                response.headers_mut().insert(RANGE, first);
            }
        }
        Ok(response)
    }
}

/// Reports all chunks and keeps the last one only.
pub(crate) struct LastChunkOnly {
    /// Where the content of a session goes now, and how many bytes it has had.
    sessions: Recent<String, (String, u64)>,
}

impl LastChunkOnly {
    pub(crate) fn new() -> Self {
        Self {
            sessions: Recent::new(),
        }
    }
}

#[async_trait]
impl Hook for LastChunkOnly {
    async fn answer(&self, mut request: Request<Body>, next: Next<'_>) -> Answer {
        let Some(Route::Upload(repository, _)) = route(&request) else {
            return next.run(request).await;
        };
        let session = request.uri().path().to_owned();
        let is_chunk = request.method() == Method::PATCH;
        let (mut behind, mut reported) = match self.sessions.get(&session) {
            Some(known) => known,
            None if is_chunk => (session.clone(), received(&session, next).await?),
            None => (session.clone(), 0),
        };
        let dropped = if is_chunk { reported } else { 0 };
        if dropped > 0 {
            next.run(own(Method::DELETE, &behind)).await?;
            let opened = next
                .run(own(Method::POST, &format!("/v2/{repository}/blobs/uploads/")))
                .await?;
            behind = text(&opened, LOCATION).unwrap_or_default().to_owned();
        }
        request.headers_mut().remove(CONTENT_RANGE);
        let query = request
            .uri()
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        set_target(&mut request, &format!("{behind}{query}"));
        let mut response = next.run(request).await?;
        if is_chunk && response.status() == StatusCode::ACCEPTED {
            reported = dropped.saturating_add(text(&response, RANGE).map_or(0, end));
            if let Ok(range) = HeaderValue::try_from(format!("0-{}", reported.saturating_sub(1))) {
                response.headers_mut().insert(RANGE, range);
            }
            relocate(&mut response, |_| Some(session.clone()));
            self.sessions.set(session, (behind, reported));
        }
        Ok(response)
    }
}

/// How many bytes an upload session has.
async fn received(path: &str, next: Next<'_>) -> Result<u64, oci_client_core::transport::TransportError> {
    let status = next.run(own(Method::GET, path)).await?;
    Ok(text(&status, RANGE).map_or(0, end))
}

/// Where the bytes that a `Range` of a session reports end.
fn end(range: &str) -> u64 {
    let last = range.strip_prefix("0-").and_then(|last| last.parse::<u64>().ok());
    last.map_or(0, |last| last.saturating_add(1))
}
