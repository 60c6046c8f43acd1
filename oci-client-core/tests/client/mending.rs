//! Blobs that vanish from the target while it is being copied to.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use http::{Method, Request, Response};
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::Registry;
use test_support::SimRuntime;

use crate::copying::index;
use crate::support::{Image, blob_path, repository, tag, target};

#[test]
fn c28_what_the_target_lacks_for_a_manifest_is_stored_again_once() {
    /// Deletes all blobs before the first manifests arrive.
    struct Sweeping {
        image: Image,
        inner: Registry,
        times: AtomicUsize,
    }

    #[async_trait]
    impl Transport for Sweeping {
        async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
            let order = Ordering::Relaxed;
            let manifest = request.method() == Method::PUT && request.uri().path().contains("/manifests/");
            if manifest && self.times.load(order) > 0 {
                self.times.fetch_sub(1, order);
                for blob in self.image.manifest().blobs() {
                    let path = format!("https://registry.test{}", blob_path(&blob.digest));
                    let delete = Request::delete(path).body(Body::empty()).unwrap();
                    self.inner.send(delete).await?;
                }
            }
            self.inner.send(request).await
        }
    }

    for (times, works) in [(1, true), (2, false)] {
        for nested in [false, true] {
            let (runtime, image) = (SimRuntime::new(), Image::new(1, &[100, 200]));
            let store = MemoryStore::new();
            image.add_to(&store, Some("v1"));
            let parent = index(&[&image.document]);
            store.add_manifest(parent.clone(), Some(tag("all")));
            let registry = Sweeping {
                image,
                inner: Registry::in_memory(),
                times: times.into(),
            };
            let there = repository(&runtime, registry);
            let name = if nested { "all" } else { "v1" };
            let copied = runtime.run(copy(
                &store,
                &target(name),
                &there,
                Some(&tag(name)),
                &CopyOptions::new(),
            ));
            match copied {
                Ok(_) => assert!(works),
                Err(error) => assert!(!works && error.to_string().contains("MANIFEST_BLOB_UNKNOWN"), "{error}"),
            }
        }
    }
}
