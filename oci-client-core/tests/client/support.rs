//! What the tests share: a client on the simulated clock, documents, images, and registries that behave like others.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, Uri};
use oci_client_core::client::{Client, ClientBuilder, Repository};
use oci_client_core::proto::{HostProfile, RetryPolicy};
use oci_client_core::runtime::Runtime;
use oci_client_core::store::MemoryStore;
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, ImageManifest, MediaType, Tag, TagOrDigest};
use test_support::{Rng, SimRuntime};

/// The registry that tests talk to.
pub(crate) const HOST: &str = "registry.test";

/// Where it is.
pub(crate) const ORIGIN: &str = "https://registry.test";

/// The repository `app` of the registry, by a client with default settings.
pub(crate) fn repository(runtime: &SimRuntime, transport: impl Transport + 'static) -> Repository {
    app(&builder(runtime, transport).build())
}

/// The same without retries.
pub(crate) fn impatient(runtime: &SimRuntime, transport: impl Transport + 'static) -> Repository {
    app(&builder(runtime, transport)
        .profile(profile(RetryPolicy::new().with_retries(0)))
        .build())
}

/// A client to configure, with a fixed seed.
pub(crate) fn builder(runtime: &SimRuntime, transport: impl Transport + 'static) -> ClientBuilder {
    Client::builder(Arc::new(transport), Arc::new(runtime.clone())).jitter_seed(1)
}

pub(crate) fn profile(retry: RetryPolicy) -> HostProfile {
    HostProfile::new(HOST.parse().unwrap()).with_retry(retry)
}

/// The repository `app` of the registry.
pub(crate) fn app(client: &Client) -> Repository {
    client
        .registry(&HOST.parse().unwrap())
        .repository("app".parse().unwrap())
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// A tag or digest.
pub(crate) fn target(text: &str) -> TagOrDigest {
    text.parse().unwrap()
}

pub(crate) fn by_digest(digest: &Digest) -> TagOrDigest {
    TagOrDigest::Digest(digest.clone())
}

/// `length` bytes that do not repeat.
pub(crate) fn noise(seed: u64, length: usize) -> Bytes {
    Rng::new(seed).bytes(length).into()
}

pub(crate) fn layer(content: &[u8]) -> Descriptor {
    Descriptor::of(MediaType::IMAGE_LAYER_GZIP, content)
}

/// The path of a blob in `app`.
pub(crate) fn blob_path(digest: &Digest) -> String {
    format!("/v2/app/blobs/{digest}")
}

/// The path of a manifest in `app`.
pub(crate) fn manifest_path(target: &impl std::fmt::Display) -> String {
    format!("/v2/app/manifests/{target}")
}

pub(crate) fn document(manifest: impl Into<AnyManifest>) -> Document<AnyManifest> {
    Document::from_value(manifest.into()).unwrap()
}

/// An image with its content.
pub(crate) struct Image {
    pub(crate) blobs: Vec<Bytes>,
    pub(crate) document: Document<AnyManifest>,
}

impl Image {
    /// An image with layers of these sizes, whose content depends on `seed`.
    pub(crate) fn new(seed: u64, sizes: &[usize]) -> Self {
        let config = Bytes::from(format!(
            r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[]}},"author":"{seed}"}}"#
        ));
        let layers: Vec<Bytes> = sizes
            .iter()
            .zip(seed.wrapping_mul(1000)..)
            .map(|(size, seed)| noise(seed, *size))
            .collect();
        let manifest = ImageManifest::new(
            Descriptor::of(MediaType::IMAGE_CONFIG, &config),
            layers.iter().map(|content| layer(content)).collect(),
        );
        let blobs = std::iter::once(config).chain(layers).collect();
        Self {
            blobs,
            document: document(manifest),
        }
    }

    pub(crate) fn manifest(&self) -> &ImageManifest {
        self.document.value().as_image().unwrap()
    }

    pub(crate) fn digest(&self) -> &Digest {
        self.document.digest()
    }

    /// A store that holds it as `tag`.
    pub(crate) fn store(&self, tag: &str) -> MemoryStore {
        let store = MemoryStore::new();
        self.add_to(&store, Some(tag));
        store
    }

    pub(crate) fn add_to(&self, store: &MemoryStore, tag: Option<&str>) {
        for (descriptor, content) in self.manifest().blobs().zip(&self.blobs) {
            store.add_content(descriptor, Arc::new(content.clone()));
        }
        store.add_manifest(self.document.clone(), tag.map(self::tag));
    }
}

/// All files below `path`, relative to it, in order.
pub(crate) fn files_below(path: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path().strip_prefix(path).unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

/// A transport on which everything takes its time: the request, the answer, each piece of a body.
pub(crate) struct Slow<T> {
    pub(crate) inner: T,
    pub(crate) pause: Duration,
    pub(crate) runtime: SimRuntime,
}

#[async_trait]
impl<T: Transport> Transport for Slow<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        self.runtime.sleep(self.pause).await;
        let response = self.inner.send(request.map(|body| self.slowed(body))).await?;
        self.runtime.sleep(self.pause).await;
        Ok(response.map(|body| self.slowed(body)))
    }
}

impl<T> Slow<T> {
    fn slowed(&self, body: Body) -> Body {
        let (runtime, pause) = (self.runtime.clone(), self.pause);
        let length = http_body::Body::size_hint(&body).exact();
        let pieces = stream::try_unfold(body, move |mut body| {
            let runtime = runtime.clone();
            async move {
                runtime.sleep(pause).await;
                Ok(body.chunk().await.transpose()?.map(|piece| (piece, body)))
            }
        });
        Body::from_stream(pieces, length)
    }
}

/// Answers a POST that brings the content along by opening a session, as distribution does.
pub(crate) struct WithoutSinglePost<T>(pub(crate) T);

#[async_trait]
impl<T: Transport> Transport for WithoutSinglePost<T> {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        if request.method() == Method::POST {
            let url = request.uri().to_string();
            let kept: Vec<&str> = url.split('&').filter(|pair| !pair.starts_with("digest=")).collect();
            *request.uri_mut() = kept.join("&").parse::<Uri>().unwrap();
            request.headers_mut().remove("content-length");
            *request.body_mut() = Body::empty();
        }
        self.0.send(request).await
    }
}

/// Lets requests through that carry the token which `/token` of the same host gives: to everybody, or to one user.
pub(crate) struct TokenGate<T> {
    inner: T,
    password: Option<String>,
}

impl<T> TokenGate<T> {
    pub(crate) const fn new(inner: T) -> Self {
        Self { inner, password: None }
    }

    pub(crate) fn for_user(self, username: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{username}:{password}"));
        Self {
            password: Some(format!("Basic {pair}")),
            ..self
        }
    }

    fn token(&self, authorization: Option<&str>) -> Response<Body> {
        if authorization != self.password.as_deref() {
            return answer(401, None, "");
        }
        answer(200, None, r#"{"token":"let-me-in","expires_in":300}"#)
    }
}

#[async_trait]
impl<T: Transport> Transport for TokenGate<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let authorization = request
            .headers()
            .get("authorization")
            .map(|value| value.to_str().unwrap());
        match (request.uri().path(), authorization) {
            ("/token", _) => Ok(self.token(authorization)),
            (_, Some("Bearer let-me-in")) => self.inner.send(request).await,
            (path, _) => {
                let actions = if request.method() == Method::GET || request.method() == Method::HEAD {
                    "pull"
                } else {
                    "pull,push"
                };
                assert!(path.starts_with("/v2/app/"));
                let challenge = format!(
                    r#"Bearer realm="{ORIGIN}/token",service="registry.test",scope="repository:app:{actions}""#
                );
                Ok(answer(401, Some(challenge), ""))
            }
        }
    }
}

fn answer(status: u16, challenge: Option<String>, body: &'static str) -> Response<Body> {
    let mut response = Response::builder().status(status);
    if let Some(challenge) = challenge {
        response = response.header("www-authenticate", challenge);
    }
    response.body(Bytes::from_static(body.as_bytes()).into()).unwrap()
}
