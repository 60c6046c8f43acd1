//! What tags are, and what a list of them says.

use async_trait::async_trait;
use http::header::LINK;
use http::{Method, Request, StatusCode};
use oci_client_core::transport::{Body, TransportError};
use oci_spec_types::{RepositoryName, TagOrDigest};
use serde_json::{Map, Value, json};

use super::chain::{Answer, Hook, Next};
use super::message::{edit, own, read, refused, route, strings, text};
use super::pages::{lists_tags, set};
use super::recent::Recent;
use crate::response::DOCKER_CONTENT_DIGEST;
use crate::routes::Route;

/// In one repository a tag that is there stays what it is.
pub(crate) struct ImmutableTags {
    pub(crate) repository: &'static str,
}

#[async_trait]
impl Hook for ImmutableTags {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        if let Some(Route::Manifest(repository, TagOrDigest::Tag(tag))) = route(&request)
            && request.method() == Method::PUT
            && repository.as_str() == self.repository
            && digest_of(next, &repository, tag.as_str()).await?.is_some()
        {
            let message = format!("the tag {tag} exists in {repository} and cannot be overwritten: it is immutable");
            return refused(400, "TAG_INVALID", message);
        }
        next.run(request).await
    }
}

/// Does not delete a manifest that a tag names.
pub(crate) struct TaggedManifests;

#[async_trait]
impl Hook for TaggedManifests {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        if let Some(Route::Manifest(repository, TagOrDigest::Digest(digest))) = route(&request)
            && request.method() == Method::DELETE
        {
            let list = read(
                next.run(own(Method::GET, &format!("/v2/{repository}/tags/list")))
                    .await?,
            )
            .await?;
            for tag in strings(&list, "tags") {
                if digest_of(next, &repository, tag).await? == Some(digest.to_string()) {
                    let message = format!("the manifest {digest} is still named by the tag {tag}");
                    return refused(400, "GOOGLE_MANIFEST_DANGLING_TAG", message);
                }
            }
        }
        next.run(request).await
    }
}

/// Says in a list of tags what each tag names.
pub(crate) struct ManifestMap;

#[async_trait]
impl Hook for ManifestMap {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let Some(Route::Tags(repository)) = route(&request).filter(|_| lists_tags(&request)) else {
            return next.run(request).await;
        };
        let response = next.run(request).await?;
        if response.status() != StatusCode::OK {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let bytes = body.collect(LIST_LIMIT).await?;
        let list: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let mut manifests: Map<String, Value> = Map::new();
        for tag in strings(&list, "tags") {
            if let Some(digest) = digest_of(next, &repository, tag).await? {
                let manifest = manifests
                    .entry(digest)
                    .or_insert_with(|| json!({ "tag": [], "timeUploadedMs": "1767225600000" }));
                if let Some(tags) = manifest.get_mut("tag").and_then(Value::as_array_mut) {
                    tags.push(tag.into());
                }
            }
        }
        edit(http::Response::from_parts(parts, bytes.into()), |list| {
            set(list, "child", json!([]));
            set(list, "manifest", manifests.into());
        })
        .await
    }
}

/// Lists the manifests that were pushed by digest among the tags.
pub(crate) struct DigestsAmongTags {
    pushed: Recent<(RepositoryName, String), ()>,
}

impl DigestsAmongTags {
    pub(crate) fn new() -> Self {
        Self { pushed: Recent::new() }
    }
}

#[async_trait]
impl Hook for DigestsAmongTags {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let (method, asked) = (request.method().clone(), route(&request));
        let response = next.run(request).await?;
        match asked {
            Some(Route::Manifest(repository, TagOrDigest::Digest(digest)))
                if method == Method::PUT && response.status() == StatusCode::CREATED =>
            {
                self.pushed.set((repository, digest.to_string()), ());
                Ok(response)
            }
            Some(Route::Tags(repository)) if method == Method::GET && !response.headers().contains_key(LINK) => {
                let digests = self.pushed.keys(|(name, _)| *name == repository);
                edit(response, |list| {
                    if let Some(tags) = list.get_mut("tags").and_then(Value::as_array_mut) {
                        tags.extend(digests.into_iter().map(|(_, digest)| Value::from(digest)));
                    }
                })
                .await
            }
            _ => Ok(response),
        }
    }
}

/// Takes a tag `<algorithm>-<encoded>` that is not there for the digest that it spells.
pub(crate) struct SubjectTags;

#[async_trait]
impl Hook for SubjectTags {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let method = request.method().clone();
        let reads = matches!(method, Method::GET | Method::HEAD);
        let asked = route(&request).filter(|_| reads);
        let response = next.run(request).await?;
        match asked {
            Some(Route::Manifest(repository, TagOrDigest::Tag(tag)))
                if response.status() == StatusCode::NOT_FOUND && tag.as_str().starts_with("sha256-") =>
            {
                let digest = tag.as_str().replacen('-', ":", 1);
                let subject = own(method, &format!("/v2/{repository}/manifests/{digest}"));
                let subject = next.run(subject).await?;
                Ok(if subject.status() == StatusCode::OK {
                    subject
                } else {
                    response
                })
            }
            _ => Ok(response),
        }
    }
}

/// The digest that a tag names.
async fn digest_of(next: Next<'_>, repository: &RepositoryName, tag: &str) -> Result<Option<String>, TransportError> {
    let head = own(Method::HEAD, &format!("/v2/{repository}/manifests/{tag}"));
    let response = next.run(head).await?;
    Ok(text(&response, DOCKER_CONTENT_DIGEST).map(str::to_owned))
}

/// The largest list that is read: 32 MiB.
const LIST_LIMIT: usize = 32 << 20;
