//! Registries that refuse to tell of referrers.

use http::Method;
use oci_client_core::client::{Client, Observer, WarningEvent};

use super::*;

#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Observer for Warnings {
    fn warning(&self, event: &WarningEvent<'_>) {
        self.0.lock().unwrap().push(event.text.to_owned());
    }
}

/// A registry whose tags cannot be changed.
struct Frozen<T>(T);

#[async_trait]
impl<T: Transport> Transport for Frozen<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let by_tag = request.uri().path().contains("/manifests/sha256-");
        if by_tag && request.method() != Method::GET {
            return Ok(Response::builder().status(403).body(Body::empty()).unwrap());
        }
        self.0.send(request).await
    }
}

#[test]
fn cr11_cr12_what_cannot_be_tidied_up_is_a_warning_and_no_error() {
    let (runtime, registry) = (SimRuntime::new(), registry());
    let writer = repository(&runtime, without_api(&registry));
    let warnings = Arc::new(Warnings::default());
    let client: Client = builder(&runtime, Frozen(without_api(&registry)))
        .observer(warnings.clone())
        .build();
    let frozen = app(&client);
    runtime.run(async {
        attach(&writer, &artifact(1)).await;
        frozen.delete_manifest(&by_digest(artifact(1).digest())).await.unwrap();
    });
    let warned = warnings.0.lock().unwrap().clone();
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(
        warned[0].contains("still listed as a referrer") && warned[0].contains("403"),
        "{warned:?}"
    );
}

/// Refuses with this status whatever asks for referrers.
struct RefusesLists<T>(T, u16);

#[async_trait]
impl<T: Transport> Transport for RefusesLists<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        if request.uri().path().contains("/referrers/") {
            return Ok(Response::builder().status(self.1).body(Body::empty()).unwrap());
        }
        self.0.send(request).await
    }
}

#[test]
fn cr11_a_look_that_is_refused_does_not_keep_from_deleting_and_is_a_warning() {
    for status in [401, 403, 429, 500, 503] {
        let (runtime, registry) = (SimRuntime::new(), registry());
        let warnings = Arc::new(Warnings::default());
        let client: Client = builder(&runtime, RefusesLists(registry.clone(), status))
            .observer(warnings.clone())
            .build();
        let (app, writer) = (app(&client), repository(&runtime, registry));
        runtime.run(async {
            attach(&writer, &artifact(1)).await;
            let target = by_digest(artifact(1).digest());
            app.delete_manifest(&target).await.unwrap();
            assert!(writer.resolve(&target).await.unwrap().is_none(), "{status}");
        });
        let warned = warnings.0.lock().unwrap().clone();
        assert_eq!(warned.len(), 1, "{warned:?}");
        assert!(
            warned[0].contains("could not be found out") && warned[0].contains(&status.to_string()),
            "{warned:?}"
        );
    }
}

#[test]
fn cr1_a_push_whose_claim_cannot_be_confirmed_is_a_push() {
    let (runtime, registry) = (SimRuntime::new(), registry());
    let app = repository(&runtime, RefusesLists(registry, 503));
    assert_eq!(runtime.run(attach(&app, &artifact(1))), Some(RecordedReferrer::Claimed));
}
