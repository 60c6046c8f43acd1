//! Blobs that another repository of the registry has.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use oci_client_core::client::{Client, Repository, Uploaded};
use oci_client_core::store::{CopyOptions, Stored, copy};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::Registry;
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{HOST, Image, ORIGIN, app, builder, layer, noise, repository, tag, target};

fn other(client: &Client) -> Repository {
    client
        .registry(&HOST.parse().unwrap())
        .repository("other".parse().unwrap())
}

/// Answers the wish to mount with a status.
struct NoMounts<T> {
    inner: T,
    status: u16,
}

#[async_trait]
impl<T: Transport> Transport for NoMounts<T> {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let uri = request.uri().to_string();
        if uri.contains("from=app") {
            if self.status != 202 {
                return Ok(Response::builder().status(self.status).body(Body::empty()).unwrap());
            }
            *request.uri_mut() = uri.split('?').next().unwrap().parse().unwrap();
        }
        self.inner.send(request).await
    }
}

/// An image in `app`.
fn with_image(image: &Image) -> (SimRuntime, Registry) {
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let there = repository(&runtime, registry.clone());
    let store = image.store("v1");
    let options = CopyOptions::new();
    runtime
        .run(copy(&store, &target("v1"), &there, Some(&tag("v1")), &options))
        .unwrap();
    (runtime, registry)
}

/// The budget of a copy inside one registry: the manifest, a mount for each of n layers and the config, the manifest.
#[test]
fn cb20_a_copy_inside_one_registry_takes_n_plus_3_requests_and_moves_no_content() {
    let image = Image::new(1, &[100, 2000, 3 << 20]);
    let (runtime, registry) = with_image(&image);
    let recorder = Recorder::new(registry).with_budget(3 + 3);
    let client = builder(&runtime, recorder.clone()).build();
    let stored = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = stored.clone();
    let options = CopyOptions::new().with_observer(move |event| log.lock().unwrap().push(event.stored));
    let (from, to) = (app(&client), other(&client));
    runtime
        .run(copy(&from, &target("v1"), &to, Some(&tag("v1")), &options))
        .unwrap();
    assert_eq!(recorder.count(), 6);
    assert_eq!(*stored.lock().unwrap(), [Stored::Mounted; 4]);
    let content: u64 = recorder.requests().iter().map(|request| request.sent).sum();
    assert_eq!(content, image.document.bytes().len() as u64);
}

#[test]
fn cb20_cb22_a_registry_that_does_not_mount_gets_the_content() {
    let image = Image::new(1, &[100, 2000]);
    for status in [202, 400, 401, 403, 404, 405] {
        let (runtime, registry) = with_image(&image);
        let inner = registry.clone();
        let recorder = Recorder::new(NoMounts { inner, status });
        let client = builder(&runtime, recorder.clone()).build();
        let (from, to) = (app(&client), other(&client));
        runtime
            .run(copy(&from, &target("v1"), &to, Some(&tag("v1")), &CopyOptions::new()))
            .unwrap();
        assert_eq!(
            runtime.run(to.manifest(&target("v1"))).unwrap().digest(),
            image.digest()
        );
        let opened = recorder.count_where(|request| request.method == "POST" && request.status == Some(202));
        let used = recorder.count_where(|request| request.method == "PUT" && request.path.contains("/uploads/"));
        assert_eq!(opened, used, "{:?}", recorder.lines());
    }
}

#[test]
fn a_blob_is_mounted_without_its_content() {
    let image = Image::new(1, &[100]);
    let (runtime, registry) = with_image(&image);
    let digest = &image.manifest().layers[0].digest;
    let client = builder(&runtime, registry.clone()).build();
    let (to, from) = (other(&client), "app".parse().unwrap());
    assert!(runtime.run(to.mount_blob(digest, &from)).unwrap());
    assert!(runtime.run(to.has_blob(digest)).unwrap());
    let missing = layer(b"missing").digest;
    assert!(!runtime.run(to.mount_blob(&missing, &from)).unwrap());
    // The session that was opened instead is gone (CB22).
    let recorder = Recorder::new(registry);
    let to = other(&builder(&runtime, recorder.clone()).build());
    assert!(!runtime.run(to.mount_blob(&missing, &from)).unwrap());
    let methods: Vec<_> = recorder.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["POST", "DELETE"]);
}

#[test]
fn a_blob_is_not_mounted_from_where_it_is_to_go() {
    let (runtime, content) = (SimRuntime::new(), noise(1, 100));
    let recorder = Recorder::new(Registry::in_memory()).with_budget(1);
    let there = repository(&runtime, recorder.clone());
    let descriptor = layer(&content);
    let pushed = there.push_or_mount_blob(&descriptor, Arc::new(content), there.name());
    assert_eq!(runtime.run(pushed).unwrap(), Uploaded::Stored);
}

/// A18: one token for both repositories, the target first; and if there is none to be had, the upload's own.
#[test]
fn a18_a_mount_asks_for_both_repositories_and_does_without_if_it_must() {
    let content = noise(2, 100);
    for generous in [true, false] {
        let runtime = SimRuntime::new();
        let server = Responder::new(&runtime, move |request: &Request<Bytes>| {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let authorization = request
                .headers()
                .get("authorization")
                .map(|value| value.to_str().unwrap());
            match (request.uri().path(), authorization) {
                ("/token", _) if query.contains("repository%3Aapp%3Apull") && !generous => Reply::new(403),
                ("/token", _) => Reply::new(200).with_json(r#"{"token":"t"}"#),
                (_, Some("Bearer t")) => Reply::new(201),
                _ => Reply::new(401).with_header("www-authenticate", format!("Bearer realm=\"{ORIGIN}/token\"")),
            }
        });
        let recorder = Recorder::new(server);
        let to = other(&builder(&runtime, recorder.clone()).build());
        let (descriptor, from) = (layer(&content), "app".parse().unwrap());
        let pushed = to.push_or_mount_blob(&descriptor, Arc::new(content.clone()), &from);
        let uploaded = runtime.run(pushed).unwrap();
        assert_eq!(uploaded, if generous { Uploaded::Mounted } else { Uploaded::Stored });
        let asked: Vec<_> = recorder
            .lines()
            .into_iter()
            .filter_map(|line| line.strip_prefix("GET /token?").map(str::to_owned))
            .collect();
        let both = "scope=repository%3Aother%3Apull%2Cpush&scope=repository%3Aapp%3Apull";
        let own = "scope=repository%3Aother%3Apull%2Cpush";
        let expected = if generous { vec![both] } else { vec![both, own] };
        assert_eq!(asked, expected);
    }
}
