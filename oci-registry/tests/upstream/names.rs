//! Which repositories are the upstream's, and what cannot be done with them.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use http::{Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::{GarbagePolicy, KeepManifests, Registry, Upstream};
use test_support::{Recorder, SimRuntime};

use crate::site::Site;

#[test]
fn what_is_the_upstreams_takes_nothing() {
    let site = Site::new();
    let digest = site.blob("app", b"content");
    for request in [
        Request::post("/v2/app/blobs/uploads/"),
        Request::post(format!("/v2/app/blobs/uploads/?digest={digest}")),
        Request::put("/v2/app/manifests/latest"),
        Request::delete("/v2/app/manifests/latest"),
        Request::delete(format!("/v2/app/blobs/{digest}")),
    ] {
        assert_eq!(site.ask(request).status(), 405);
    }
    assert_eq!(site.recorder.count(), 0);
}

#[test]
fn what_is_not_is_a_repository_like_any_other() {
    let site = Site::with(|upstream| {
        upstream.with_mapping(|name| {
            let name = name.as_str().strip_prefix("hub/")?;
            let prefix = if name.contains('/') { "" } else { "library/" };
            format!("{prefix}{name}").parse().ok()
        })
    });
    let digest = site.blob("library/app", b"content");
    site.blob("team/app", b"content");
    for name in ["hub/app", "hub/team/app"] {
        assert_eq!(site.get(&format!("/v2/{name}/blobs/{digest}")).status(), 200, "{name}");
    }
    assert_eq!(site.get(&format!("/v2/own/blobs/{digest}")).status(), 404);
    assert_eq!(site.ask(Request::post("/v2/own/blobs/uploads/")).status(), 202);
    assert!(
        site.recorder
            .requests()
            .iter()
            .all(|request| !request.path.contains("own"))
    );
}

/// PX3: another one is refused; where it counts, the answer says so, whether it comes from the upstream or from the storage.
#[test]
fn px3_ns_names_the_upstream() {
    let site = Site::new();
    let digest = site.blob("app", b"content");
    site.manifest("app", "latest", "a", None);
    for path in [&format!("blobs/{digest}"), "manifests/latest", "tags/list"] {
        for (ns, status) in [
            ("other.test", 404),
            ("", 404),
            ("%20", 404),
            ("far.test", 200),
            ("far.test", 200),
        ] {
            let response = site.get(&format!("/v2/app/{path}?ns={ns}"));
            assert_eq!(response.status(), status, "{path} {ns}");
            let told = response.headers().get("oci-namespace");
            let expected = (status == 200).then_some("far.test");
            assert_eq!(told.map(|told| told.to_str().unwrap()), expected, "{path} {ns}");
            drop(site.read(response));
        }
        assert!(
            !site
                .get(&format!("/v2/app/{path}"))
                .headers()
                .contains_key("oci-namespace")
        );
    }
}

/// What was collected is pulled again.
#[test]
fn garbage_is_collected() {
    let site = Site::new();
    let path = format!("/v2/app/blobs/{}", site.blob("app", b"content"));
    let response = site.get(&path);
    site.read(response).unwrap();
    let policy = GarbagePolicy::new().with_manifests(KeepManifests::Tagged);
    site.runtime.run(site.here.collect_garbage(&policy)).unwrap();
    assert_eq!(site.stored(&path), 200);
    let policy = policy.with_grace(std::time::Duration::ZERO);
    site.runtime.run(site.here.collect_garbage(&policy)).unwrap();
    assert_eq!(site.stored(&path), 404);
    let response = site.get(&path);
    assert_eq!(site.read(response).unwrap(), "content");
}

/// A way back to the registry itself.
#[derive(Clone, Default)]
struct Itself(Arc<OnceLock<Registry>>);

#[async_trait]
impl Transport for Itself {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        Ok(self.0.get().unwrap().handle(request).await)
    }
}

/// A registry that is its own upstream finds out, whatever it is asked for.
#[test]
fn a_loop_ends() {
    let digest = oci_spec_types::Digest::sha256(b"");
    for path in [
        "manifests/latest".to_owned(),
        format!("manifests/{digest}"),
        format!("blobs/{digest}"),
    ] {
        let (runtime, itself) = (SimRuntime::new(), Itself::default());
        let recorder = Recorder::new(itself.clone()).with_budget(20);
        let upstream = Upstream::new(
            "far.test".parse().unwrap(),
            Arc::new(recorder.clone()),
            Arc::new(runtime.clone()),
        );
        let registry = Registry::builder().upstream(upstream).build();
        assert!(itself.0.set(registry.clone()).is_ok());
        let request = Request::get(format!("/v2/app/{path}")).body(Body::empty()).unwrap();
        assert_eq!(runtime.run(registry.handle(request)).status(), 502);
        assert!(recorder.requests().iter().all(|request| request.status == Some(508)));
    }
}
