//! Blobs from another origin, by signed URLs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Method, Request, Response, StatusCode};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport, TransportError, TransportErrorKind};

use super::chain::{Answer, Hook, Next};
use super::message::{own, plain, route, set_target};
use crate::auth::Issued;
use crate::registry::Registry;
use crate::routes::{Route, blob_path};

/// The URLs that were signed, and what each stands for.
pub(crate) struct SignedUrls {
    issued: Issued<String>,
    runtime: Arc<dyn Runtime>,
}

impl SignedUrls {
    pub(crate) fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self {
            issued: Issued::new(),
            runtime,
        }
    }

    fn sign(&self, path: String) -> Result<String, TransportError> {
        let signature = self.issued.issue(path, self.runtime.now().monotonic, LIFETIME);
        let signature = signature.map_err(|error| TransportError::new(TransportErrorKind::Other, error))?;
        Ok(signature.expose().to_owned())
    }

    fn read(&self, signature: &str) -> Option<String> {
        self.issued.get(signature, self.runtime.now().monotonic)
    }
}

/// Sends those who want a blob to one of `origins`.
pub(crate) struct Redirect {
    pub(crate) origins: Vec<String>,
    pub(crate) signed: Arc<SignedUrls>,
    pub(crate) status: StatusCode,
    /// Whether the answer has a page for people.
    pub(crate) with_page: bool,
}

#[async_trait]
impl Hook for Redirect {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let Some(Route::Blob(repository, digest)) = route(&request).filter(|_| reads) else {
            return next.run(request).await;
        };
        let path = blob_path(&repository, &digest);
        let found = next.run(own(Method::HEAD, &path)).await?;
        if found.status() != StatusCode::OK {
            return next.run(request).await;
        }
        // Which origin has a blob does not change.
        let turn = digest.encoded().as_ref().bytes().map(usize::from).sum::<usize>();
        let origin = self
            .origins
            .get(turn.checked_rem(self.origins.len()).unwrap_or_default());
        let origin = origin.map(String::as_str).unwrap_or_default();
        let location = format!("{origin}/content?signature={}", self.signed.sign(path)?);
        let mut response = if self.with_page && request.method() == Method::GET {
            plain(self.status, "text/html; charset=utf-8", PAGE)
        } else {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = self.status;
            response
        };
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    }
}

/// What answers at the other origins.
pub(crate) struct Content {
    pub(crate) registry: Registry,
    pub(crate) signed: Arc<SignedUrls>,
}

impl Content {
    /// Refuses what no signature covers, and whoever is led by another's credential.
    fn path(&self, request: &Request<Body>) -> Result<String, StatusCode> {
        if request.headers().contains_key(AUTHORIZATION) {
            return Err(StatusCode::BAD_REQUEST);
        }
        let query = request.uri().query().unwrap_or_default();
        let signature = query.strip_prefix("signature=").unwrap_or_default();
        let path = self.signed.read(signature).ok_or(StatusCode::FORBIDDEN)?;
        // Signed for GET, and for nothing else.
        if request.method() == Method::GET {
            Ok(path)
        } else {
            Err(StatusCode::FORBIDDEN)
        }
    }
}

#[async_trait]
impl Transport for Content {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let path = match self.path(&request) {
            Ok(path) => path,
            Err(status) => return Ok(plain(status, "application/xml", REFUSAL)),
        };
        set_target(&mut request, &path);
        let mut response = self.registry.send(request).await?;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        Ok(response)
    }
}

/// How long a signed URL is good for.
const LIFETIME: Duration = Duration::from_secs(600);
const PAGE: &str = "<!doctype html><title>Redirecting</title><p>The content is elsewhere.</p>";
const REFUSAL: &str = "<?xml version=\"1.0\"?><Error><Code>InvalidRequest</Code></Error>";
