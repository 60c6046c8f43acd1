use async_trait::async_trait;
use http::{Method, Request, StatusCode};
use oci_client_core::transport::Body;
use serde_json::Value;

use super::chain::{Answer, Hook, Next};
use super::message::{peek, refused, route, set_target};
use super::recent::Recent;
use crate::query::Query;
use crate::routes::Route;

/// When blobs are mounted. What is not mounted opens an upload.
pub(crate) enum Mounts {
    /// Only with `from`; without it the request is refused.
    From,
    /// Never.
    Never,
    /// Only blobs that a manifest in the repository `from` refers to.
    Referenced(Referenced),
}

/// Repositories and the blobs that their manifests refer to.
pub(crate) struct Referenced(Recent<(String, String), ()>);

impl Mounts {
    pub(crate) fn referenced() -> Self {
        Self::Referenced(Referenced(Recent::new()))
    }

    fn mounts(&self, query: &Query) -> bool {
        match self {
            Self::From => true,
            Self::Never => false,
            Self::Referenced(Referenced(referenced)) => {
                let blob = query.first("from").zip(query.first("mount"));
                blob.is_some_and(|(from, digest)| referenced.get(&(from.to_owned(), digest.to_owned())).is_some())
            }
        }
    }
}

#[async_trait]
impl Hook for Mounts {
    async fn answer(&self, mut request: Request<Body>, next: Next<'_>) -> Answer {
        match (self, route(&request)) {
            (Self::Referenced(Referenced(referenced)), Some(Route::Manifest(repository, _)))
                if request.method() == Method::PUT =>
            {
                let (request, document) = peek(request).await?;
                let response = next.run(request).await?;
                if response.status() == StatusCode::CREATED {
                    for digest in digests(&document) {
                        referenced.set((repository.to_string(), digest.to_owned()), ());
                    }
                }
                Ok(response)
            }
            (_, Some(Route::Uploads(_))) if request.method() == Method::POST => {
                let Ok(query) = Query::parse(request.uri().query()) else {
                    return next.run(request).await;
                };
                if query.first("mount").is_some() {
                    if matches!(self, Self::From) && query.first("from").is_none() {
                        return refused(400, "UNSUPPORTED", "a mount needs the repository to mount from");
                    }
                    if !self.mounts(&query) {
                        without_mount(&mut request);
                    }
                }
                next.run(request).await
            }
            _ => next.run(request).await,
        }
    }
}

/// Config and layers of a manifest.
fn digests(document: &Value) -> impl Iterator<Item = &str> {
    let layers = document.get("layers").and_then(Value::as_array);
    let blobs = document.get("config").into_iter().chain(layers.into_iter().flatten());
    blobs.filter_map(|descriptor| descriptor.get("digest")?.as_str())
}

fn without_mount(request: &mut Request<Body>) {
    let pairs = request.uri().query().unwrap_or_default().split('&');
    let kept: Vec<&str> = pairs
        .filter(|pair| !pair.starts_with("mount=") && !pair.starts_with("from="))
        .collect();
    let target = format!("{}?{}", request.uri().path(), kept.join("&"));
    set_target(request, target.trim_end_matches('?'));
}
