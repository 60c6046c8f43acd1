//! A registry with content behind faults, and requests to it by hand.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::{HeaderMap, Request};
use oci_client_core::runtime::Runtime as _;
use oci_client_core::transport::{Body, Transport as _, TransportError, TransportErrorKind};
use oci_registry::Registry;
use oci_registry::faults::{FaultInjector, FaultPlan};
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};
use test_support::{Rng, SimRuntime};

/// A registry with one blob, one manifest and the tags `a`, `b` and `c`, all in the repository `app`.
pub(crate) struct Site {
    pub(crate) blob: Bytes,
    pub(crate) faults: Arc<FaultInjector>,
    pub(crate) manifest: Bytes,
    pub(crate) runtime: SimRuntime,
}

/// What a client sees of an exchange.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What arrives of the body.
    pub(crate) body: Bytes,
    pub(crate) end: End,
    pub(crate) headers: HeaderMap,
    /// 0 where there is no answer.
    pub(crate) status: u16,
}

/// How an exchange ends.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum End {
    Clean,
    Lost(TransportErrorKind),
    Never,
}

impl Site {
    /// The faults of `plan` happen to all that is sent from now on.
    pub(crate) fn new(plan: &str) -> Self {
        let registry = Registry::in_memory();
        let mut site = Self::with(registry.clone(), "");
        let blob = site.blob.clone();
        let push = format!("/v2/app/blobs/uploads/?digest={}", Digest::sha256(&blob));
        assert_eq!(site.send("POST", &push, &[], &blob).status, 201);
        for tag in ["a", "b", "c"] {
            assert_eq!(site.put_manifest(tag).status, 201);
        }
        site.faults = injector(registry, plan, &site.runtime);
        site
    }

    /// Faults before something else.
    pub(crate) fn with(registry: impl oci_client_core::transport::Transport + 'static, plan: &str) -> Self {
        let blob = Bytes::from(Rng::new(1).bytes(1000));
        let layer = Descriptor::of(MediaType::IMAGE_LAYER_GZIP, &blob);
        let manifest = ImageManifest::new(layer.clone(), vec![layer]);
        let runtime = SimRuntime::new();
        Self {
            blob,
            faults: injector(registry, plan, &runtime),
            manifest: serde_json::to_vec(&manifest).unwrap().into(),
            runtime,
        }
    }

    pub(crate) fn blob_path(&self) -> String {
        format!("/v2/app/blobs/{}", Digest::sha256(&self.blob))
    }

    pub(crate) fn pull(&self) -> Seen {
        self.send("GET", &self.blob_path(), &[], b"")
    }

    pub(crate) fn pull_part(&self, range: &str) -> Seen {
        self.send("GET", &self.blob_path(), &[("range", range)], b"")
    }

    pub(crate) fn put_manifest(&self, reference: &str) -> Seen {
        let headers = [("content-type", "application/vnd.oci.image.manifest.v1+json")];
        self.send(
            "PUT",
            &format!("/v2/app/manifests/{reference}"),
            &headers,
            &self.manifest,
        )
    }

    /// Opens an upload; gives its path.
    pub(crate) fn open(&self) -> String {
        let opened = self.send("POST", "/v2/app/blobs/uploads/", &[], b"");
        opened.header("location").to_owned()
    }

    /// Sends a request to a path of the registry, or to a URL.
    pub(crate) fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Seen {
        let uri = match target.strip_prefix('/') {
            Some(path) => format!("https://registry.test/{path}"),
            None => target.to_owned(),
        };
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        self.runtime.run(async {
            let mut seen = Seen {
                body: Bytes::new(),
                end: End::Never,
                headers: HeaderMap::new(),
                status: 0,
            };
            let exchange = Box::pin(exchange(&self.faults, request, &mut seen));
            let ended = match select(exchange, self.runtime.sleep(Duration::from_secs(3600))).await {
                Either::Left((Ok(()), _)) => Some(End::Clean),
                Either::Left((Err(error), _)) => Some(End::Lost(error.kind())),
                Either::Right(_) => None,
            };
            seen.end = ended.unwrap_or(End::Never);
            seen
        })
    }

    /// The faults that have happened, as text, without the number of the exchange.
    #[track_caller]
    pub(crate) fn assert_log(&self, expected: &[&str]) {
        let log = self.faults.log();
        let log: Vec<String> = log
            .iter()
            .map(|record| format!("{} {}", record.method(), record.fault()))
            .collect();
        assert_eq!(log, expected);
    }
}

impl Seen {
    /// A header field; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

async fn exchange(faults: &FaultInjector, request: Request<Body>, seen: &mut Seen) -> Result<(), TransportError> {
    let response = faults.send(request).await?;
    seen.status = response.status().as_u16();
    seen.headers = response.headers().clone();
    let mut body = response.into_body();
    let mut arrived = BytesMut::new();
    while let Some(piece) = body.chunk().await {
        arrived.extend_from_slice(&piece?);
        seen.body = arrived.clone().freeze();
    }
    Ok(())
}

fn injector(
    registry: impl oci_client_core::transport::Transport + 'static,
    plan: &str,
    runtime: &SimRuntime,
) -> Arc<FaultInjector> {
    let plan: FaultPlan = plan.parse().unwrap();
    Arc::new(FaultInjector::new(registry, plan, Arc::new(runtime.clone())))
}
