//! Where uploads go.

use async_trait::async_trait;
use http::Request;
use oci_client_core::transport::Body;
use oci_spec_types::Digest;

use super::chain::{Answer, Hook, Next};
use super::message::{refused, relocate, route, set_target};
use crate::query::Query;
use crate::routes::Route;

/// Keeps the state of an upload in the query of its location. What comes without it is not found.
pub(crate) struct UploadState;

#[async_trait]
impl Hook for UploadState {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        if matches!(route(&request), Some(Route::Upload(..))) {
            let state = Query::parse(request.uri().query());
            let state = state.as_ref().ok().and_then(|query| query.first("_state"));
            if state != Some(state_of(request.uri().path()).as_str()) {
                return refused(404, "BLOB_UPLOAD_UNKNOWN", "the upload is not known to this registry");
            }
        }
        let mut response = next.run(request).await?;
        relocate(&mut response, |path| {
            is_upload(path).then(|| format!("{path}?_state={}", state_of(path)))
        });
        Ok(response)
    }
}

/// Takes uploads at paths outside the API.
pub(crate) struct UploadsElsewhere {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// The beginning of those paths, with a slash at both ends.
    pub(crate) prefix: &'static str,
}

impl UploadsElsewhere {
    /// Where an upload is for clients.
    fn outside(&self, path: &str) -> Option<String> {
        let (name, id) = path.strip_prefix("/v2/")?.rsplit_once(UPLOADS)?;
        Some(format!("{}{}{name}/uploads/{id}", self.origin, self.prefix))
    }

    /// Where it is for the registry.
    fn inside(&self, path: &str) -> Option<String> {
        let (name, id) = path.strip_prefix(self.prefix)?.rsplit_once("/uploads/")?;
        Some(format!("/v2/{name}{UPLOADS}{id}"))
    }
}

#[async_trait]
impl Hook for UploadsElsewhere {
    async fn answer(&self, mut request: Request<Body>, next: Next<'_>) -> Answer {
        if matches!(route(&request), Some(Route::Upload(..))) {
            return refused(404, "BLOB_UPLOAD_UNKNOWN", "uploads are not at this path");
        }
        if let Some(path) = self.inside(request.uri().path()) {
            let query = request
                .uri()
                .query()
                .map(|query| format!("?{query}"))
                .unwrap_or_default();
            set_target(&mut request, &format!("{path}{query}"));
        }
        let mut response = next.run(request).await?;
        relocate(&mut response, |path| {
            is_upload(path).then(|| self.outside(path)).flatten()
        });
        Ok(response)
    }
}

fn is_upload(path: &str) -> bool {
    path.contains(UPLOADS)
}

fn state_of(path: &str) -> String {
    let digest = Digest::sha256(path.as_bytes());
    digest.encoded().as_ref().chars().take(32).collect()
}

const UPLOADS: &str = "/blobs/uploads/";
