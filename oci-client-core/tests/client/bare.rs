//! A registry with nothing but what is mandatory (B1, B2): everything that it lacks has its fallback, or an error that says what is missing.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, Method, Request, Response, Uri, header};
use oci_client_core::ErrorKind;
use oci_client_core::client::{RecordedReferrer, Uploaded};
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::Registry;
use oci_spec_types::{Descriptor, ImageManifest, MediaType, RepositoryName};
use test_support::{Recorder, SimRuntime};

use crate::support::{Image, by_digest, document, layer, noise, repository, tag, target};

/// Without HEAD, DELETE, ranges, mounts, uploads in one request, tags along with a push, the referrers API, digests in answers, or places of what was stored.
struct Bare(Registry);

#[async_trait]
impl Transport for Bare {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let path = request.uri().path().to_owned();
        if matches!(*request.method(), Method::DELETE | Method::HEAD) {
            return Ok(refusal(405));
        }
        if path.contains("/referrers/") {
            return Ok(refusal(404));
        }
        if path.contains("/manifests/") || path.ends_with("/uploads/") {
            without_query(&mut request);
        }
        if path.ends_with("/uploads/") {
            request.headers_mut().remove(header::CONTENT_LENGTH);
            *request.body_mut() = Body::empty();
        }
        request.headers_mut().remove(header::RANGE);
        let mut response = self.0.send(request).await?;
        let opened = response.status() == 202;
        let known = response.headers().clone();
        let kept = known
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)))
            .filter(|(name, _)| KEPT.contains(name) || (opened && *name == header::LOCATION));
        *response.headers_mut() = kept.collect();
        Ok(response)
    }
}

fn refusal(status: u16) -> Response<Body> {
    let page = Bytes::from_static(b"<html>no</html>");
    Response::builder().status(status).body(page.into()).unwrap()
}

fn without_query(request: &mut Request<Body>) {
    let mut parts = request.uri().clone().into_parts();
    let path = request.uri().path().to_owned();
    parts.path_and_query = Some(PathAndQuery::try_from(path).unwrap());
    *request.uri_mut() = Uri::from_parts(parts).unwrap();
}

const KEPT: [HeaderName; 2] = [header::CONTENT_LENGTH, header::CONTENT_TYPE];

#[test]
fn b1_b2_everything_that_can_be_done_without_is_done_without() {
    let (runtime, image) = (SimRuntime::new(), Image::new(1, &[100, 5000]));
    let app = repository(&runtime, Recorder::new(Bare(Registry::in_memory())));
    let options = CopyOptions::new();
    runtime.run(async {
        let there = image.store("v1");
        copy(&there, &target("v1"), &app, Some(&tag("v1")), &options)
            .await
            .unwrap();
        let tags = [tag("v2"), tag("v3")];
        app.push_manifest_tagged(&image.document, &tags).await.unwrap();
        assert_eq!(app.tags().all().await.unwrap(), ["v1", "v2", "v3"].map(tag));

        let found = app.resolve(&target("v3")).await.unwrap();
        assert_eq!(found, Some(image.document.descriptor()));
        assert_eq!(app.resolve(&target("v4")).await.unwrap(), None);

        let (content, other) = (noise(7, 3000), "other".parse::<RepositoryName>().unwrap());
        let bytes = Arc::new(content.clone());
        let pushed = app.push_or_mount_blob(&layer(&content), bytes, &other).await;
        assert_eq!(pushed.unwrap(), Uploaded::Stored);
        assert!(!app.mount_blob(&layer(&content).digest, &other).await.unwrap());
        assert_eq!(app.blob(&layer(&content)).unwrap().bytes(3000).await.unwrap(), content);
        let mut places = app.blob_unverified(&layer(&content));
        assert_eq!(places.read_at(1000, 10).await.unwrap(), content[1000..1010]);

        let kind = MediaType::from_static("a/sbom");
        let empty = Arc::new(Bytes::from_static(b"{}"));
        app.push_blob(&Descriptor::empty(), empty).await.unwrap();
        let artifact = ImageManifest::artifact(kind.clone(), vec![Descriptor::empty()]);
        let artifact = document(artifact.with_subject(image.document.descriptor()));
        let stored = app.push_manifest(&by_digest(artifact.digest()), &artifact).await;
        assert_eq!(stored.unwrap().referrer, Some(RecordedReferrer::InFallbackTag));
        let listed = app.referrers(image.digest()).artifact_type(kind).all().await.unwrap();
        assert_eq!(listed.len(), 1);
        let fetched = app.referrer(image.digest(), &listed[0]).await.unwrap();
        assert_eq!(fetched.digest(), artifact.digest());

        let back = MemoryStore::new();
        copy(&app, &target("v2"), &back, Some(&tag("v2")), &options)
            .await
            .unwrap();
        for error in [
            app.delete_blob(&layer(&content).digest).await.unwrap_err(),
            app.delete_manifest(&target("v1")).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        }
    });
}
