//! A registry far away, and one here that pulls through it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport, TransportError, TransportErrorKind};
use oci_registry::storage::{MemoryStorage, Storage};
use oci_registry::{Registry, Upstream};
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};
use test_support::{Recorder, SimRuntime};

/// What the registry far away does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    Down,
    Mismatch,
    Slow,
    Status(u16),
    Truncated,
    WrongManifests,
}

pub(crate) struct Far {
    fault: Arc<Mutex<Option<Fault>>>,
    registry: Registry,
    runtime: SimRuntime,
}

pub(crate) struct Site {
    pub(crate) far: Registry,
    fault: Arc<Mutex<Option<Fault>>>,
    pub(crate) here: Registry,
    pub(crate) recorder: Recorder<Far>,
    pub(crate) runtime: SimRuntime,
    pub(crate) storage: Arc<dyn Storage>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(|upstream| upstream)
    }

    pub(crate) fn with(configure: impl FnOnce(Upstream) -> Upstream) -> Self {
        Self::on(Arc::new(MemoryStorage::new()), |runtime| Arc::new(runtime), configure)
    }

    /// Over this storage, and with the tasks of the registry here on what `tasks` makes of the runtime.
    pub(crate) fn on(
        storage: Arc<dyn Storage>,
        tasks: impl FnOnce(SimRuntime) -> Arc<dyn Runtime>,
        configure: impl FnOnce(Upstream) -> Upstream,
    ) -> Self {
        let (far, fault, runtime) = (Registry::in_memory(), Arc::default(), SimRuntime::new());
        let recorder = Recorder::new(Far {
            fault: Arc::clone(&fault),
            registry: far.clone(),
            runtime: runtime.clone(),
        });
        let transport = Arc::new(recorder.clone());
        let upstream = Upstream::new("far.test".parse().unwrap(), transport, tasks(runtime.clone()));
        let here = Registry::builder()
            .storage(Arc::clone(&storage))
            .upstream(configure(upstream));
        Self {
            far,
            fault,
            here: here.build(),
            recorder,
            runtime,
            storage,
        }
    }

    pub(crate) fn fail(&self, fault: impl Into<Option<Fault>>) {
        *self.fault.lock().unwrap() = fault.into();
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.runtime.run(self.runtime.sleep(Duration::from_secs(seconds)));
    }

    pub(crate) fn get(&self, path: &str) -> Response<Body> {
        self.ask(Request::get(path))
    }

    pub(crate) fn ask(&self, request: http::request::Builder) -> Response<Body> {
        self.runtime.run(self.here.handle(request.body(Body::empty()).unwrap()))
    }

    pub(crate) fn read(&self, response: Response<Body>) -> Result<Bytes, TransportError> {
        self.runtime.run(response.into_body().collect(usize::MAX))
    }

    /// What the storage here has, without asking far away.
    pub(crate) fn stored(&self, path: &str) -> StatusCode {
        let registry = Registry::builder().storage(self.storage.clone()).build();
        let request = Request::get(path).body(Body::empty()).unwrap();
        self.runtime.run(registry.handle(request)).status()
    }

    /// Pushes a blob to the registry far away.
    pub(crate) fn blob(&self, repository: &str, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        let request = Request::post(path).body(Body::from(content.to_vec())).unwrap();
        assert_eq!(self.runtime.run(self.far.handle(request)).status(), 201);
        digest
    }

    /// Pushes a manifest with this annotation, and maybe a subject, to the registry far away.
    pub(crate) fn manifest(&self, repository: &str, tag: &str, note: &str, subject: Option<Descriptor>) -> Descriptor {
        self.blob(repository, b"{}");
        let config = Descriptor::of(MediaType::IMAGE_CONFIG, b"{}");
        let mut manifest = ImageManifest::new(config, Vec::new());
        manifest.annotations.insert("note".to_owned(), note.to_owned());
        manifest.subject = subject;
        let content = serde_json::to_vec(&manifest).unwrap();
        let descriptor = Descriptor::of(MediaType::IMAGE_MANIFEST, &content);
        let name = if tag.is_empty() {
            descriptor.digest.to_string()
        } else {
            tag.to_owned()
        };
        let request = Request::put(format!("/v2/{repository}/manifests/{name}"))
            .header("content-type", MediaType::IMAGE_MANIFEST.as_str())
            .body(Body::from(content))
            .unwrap();
        assert_eq!(self.runtime.run(self.far.handle(request)).status(), 201);
        descriptor
    }

    /// How many requests of this method with this in their path went far away.
    pub(crate) fn count(&self, method: Method, part: &str) -> usize {
        self.recorder
            .count_where(|request| request.method == method && request.path.contains(part))
    }
}

#[async_trait]
impl Transport for Far {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let fault = *self.fault.lock().unwrap();
        let (is_get, is_resumed) = (request.method() == Method::GET, request.headers().contains_key("range"));
        let is_wrong = match fault {
            Some(Fault::Mismatch) => is_get,
            Some(Fault::WrongManifests) => is_get && request.uri().path().contains("/manifests/"),
            _ => false,
        };
        match fault {
            Some(Fault::Down) => return Err(TransportError::new(TransportErrorKind::Connect, "down")),
            Some(Fault::Slow) => self.runtime.sleep(Duration::from_secs(20)).await,
            Some(Fault::Status(status)) => {
                return Ok(Response::builder().status(status).body(Body::empty()).unwrap());
            }
            _ => {}
        }
        let (mut parts, body) = self.registry.handle(request).await.into_parts();
        let mut content = body.collect(usize::MAX).await?.to_vec();
        let length = content.len();
        if is_wrong {
            content[length / 2] ^= 1;
            parts.headers.remove("docker-content-digest");
        }
        let mut pieces: Vec<_> = content.chunks(PIECE).map(Bytes::copy_from_slice).map(Ok).collect();
        if is_get && fault == Some(Fault::Truncated) {
            pieces.truncate(usize::from(!is_resumed && length > PIECE));
            pieces.push(Err(TransportError::new(TransportErrorKind::Reset, "gone")));
        }
        let length = is_get.then_some(length as u64);
        Ok(Response::from_parts(
            parts,
            Body::from_stream(stream::iter(pieces), length),
        ))
    }
}

/// How many bytes of a body come at once.
const PIECE: usize = 1024;
