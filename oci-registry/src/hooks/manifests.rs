//! Manifests and blobs as some registries take and show them.

use async_trait::async_trait;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{Method, Request, StatusCode};
use oci_client_core::transport::Body;
use oci_spec_types::{Digest, RepositoryName};

use super::chain::{Answer, Hook, Next};
use super::message::{own, peek, refused, route, text};
use super::recent::Recent;
use crate::response::DOCKER_CONTENT_DIGEST;
use crate::routes::{Route, blob_path};

/// Takes artifact types and config types only if they begin like one that is known.
pub(crate) struct KnownTypes {
    pub(crate) known: &'static [&'static str],
}

#[async_trait]
impl Hook for KnownTypes {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        if request.method() != Method::PUT || !matches!(route(&request), Some(Route::Manifest(..))) {
            return next.run(request).await;
        }
        let (request, document) = peek(request).await?;
        let types = ["/artifactType", "/config/mediaType"];
        let unknown = types
            .iter()
            .filter_map(|pointer| document.pointer(pointer)?.as_str())
            .find(|media_type| !self.known.iter().any(|known| media_type.starts_with(known)));
        match unknown {
            Some(media_type) => refused(400, "MANIFEST_INVALID", format!("unknown media type: {media_type}")),
            None => next.run(request).await,
        }
    }
}

/// Answers 406 to whom does not name the manifest's own type in `Accept`.
pub(crate) struct ExactAccept;

#[async_trait]
impl Hook for ExactAccept {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if !reads || !matches!(route(&request), Some(Route::Manifest(..))) {
            return next.run(request).await;
        }
        let accepted = request.headers().get_all(ACCEPT).iter();
        let accepted: Vec<String> = accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|range| range.split(';').next())
            .map(|range| range.trim().to_ascii_lowercase())
            .collect();
        let response = next.run(request).await?;
        let media_type = text(&response, CONTENT_TYPE).unwrap_or_default();
        if response.status() != StatusCode::OK || accepted.iter().any(|range| range == media_type) {
            return Ok(response);
        }
        refused(
            406,
            "MANIFEST_UNKNOWN",
            "no representation of the manifest is acceptable",
        )
    }
}

/// Answers a HEAD of a manifest with another length than a GET.
pub(crate) struct UnlikeHeads;

#[async_trait]
impl Hook for UnlikeHeads {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let concerned = request.method() == Method::HEAD && matches!(route(&request), Some(Route::Manifest(..)));
        let mut response = next.run(request).await?;
        if concerned && response.status() == StatusCode::OK {
            let length = text(&response, CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
            let length = length.unwrap_or_default().saturating_add(4);
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        Ok(response)
    }
}

/// Finds a blob in every repository once any has it, as long as it is only looked for.
pub(crate) struct KnownBlobs {
    seen: Recent<Digest, RepositoryName>,
}

impl KnownBlobs {
    pub(crate) fn new() -> Self {
        Self { seen: Recent::new() }
    }
}

#[async_trait]
impl Hook for KnownBlobs {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let (method, asked) = (request.method().clone(), route(&request));
        let response = next.run(request).await?;
        match asked {
            Some(Route::Upload(repository, _) | Route::Uploads(repository))
                if response.status() == StatusCode::CREATED =>
            {
                let digest = text(&response, DOCKER_CONTENT_DIGEST).and_then(|digest| digest.parse().ok());
                if let Some(digest) = digest {
                    self.seen.set(digest, repository);
                }
            }
            Some(Route::Blob(_, digest)) if method == Method::HEAD && response.status() == StatusCode::NOT_FOUND => {
                if let Some(repository) = self.seen.get(&digest) {
                    return next.run(own(Method::HEAD, &blob_path(&repository, &digest))).await;
                }
            }
            _ => {}
        }
        Ok(response)
    }
}

/// Does not say where a manifest was put.
pub(crate) struct WithoutLocation;

#[async_trait]
impl Hook for WithoutLocation {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let concerned = request.method() == Method::PUT && matches!(route(&request), Some(Route::Manifest(..)));
        let mut response = next.run(request).await?;
        if concerned {
            response.headers_mut().remove(LOCATION);
        }
        Ok(response)
    }
}
