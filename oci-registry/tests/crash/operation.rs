//! What the second process does.

use std::time::Duration;

use http::{Method, Request, StatusCode};
use oci_client_core::runtime::block_on;
use oci_client_core::transport::Body;
use oci_registry::{GarbagePolicy, KeepManifests, Registry};
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};
use test_support::Rng;

use crate::model::{CONFIG, Repository};

/// A change of the content.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Pushes a blob in parts.
    Chunked(Repository, u64),
    /// Collects garbage without any grace.
    Collect,
    DeleteBlob(Repository, u64),
    DeleteManifest(Repository, u64),
    DeleteTag(Repository, u64),
    /// Pushes an image with its blobs, and points a tag to it.
    Image(Repository, u64, u64),
    Mount(Repository, Repository, u64),
    /// Pushes a blob in one request.
    Push(Repository, u64),
    /// Starts an upload and leaves it.
    Started(Repository, u64),
}

impl Operation {
    /// Performs it; what it answers if there is nothing to delete or mount is fine too.
    pub(crate) fn perform(&self, registry: &Registry) {
        match self {
            Self::Chunked(repository, blob) => push_in_parts(registry, repository, &content(*blob)),
            Self::Collect => {
                let policy = GarbagePolicy::new()
                    .with_grace(Duration::ZERO)
                    .with_manifests(KeepManifests::Tagged);
                block_on(registry.collect_garbage(&policy)).unwrap();
            }
            Self::DeleteBlob(repository, blob) => {
                let digest = Digest::sha256(&content(*blob));
                delete(registry, &format!("/v2/{repository}/blobs/{digest}"));
            }
            Self::DeleteManifest(repository, image) => {
                let digest = Digest::sha256(&manifest(*image));
                delete(registry, &format!("/v2/{repository}/manifests/{digest}"));
            }
            Self::DeleteTag(repository, tag) => delete(registry, &format!("/v2/{repository}/manifests/t{tag}")),
            Self::Image(repository, image, tag) => {
                for blob in blobs(*image) {
                    push(registry, repository, &content(blob));
                }
                let put = Request::put(format!("/v2/{repository}/manifests/t{tag}"))
                    .header("content-type", MediaType::IMAGE_MANIFEST.as_str());
                send(registry, put, manifest(*image), &[StatusCode::CREATED]);
            }
            Self::Mount(from, to, blob) => {
                let digest = Digest::sha256(&content(*blob));
                let post = Request::post(format!("/v2/{to}/blobs/uploads/?mount={digest}&from={from}"));
                send(registry, post, Vec::new(), &[StatusCode::ACCEPTED, StatusCode::CREATED]);
            }
            Self::Push(repository, blob) => push(registry, repository, &content(*blob)),
            Self::Started(repository, blob) => {
                let location = start(registry, repository);
                send(
                    registry,
                    Request::patch(location),
                    content(*blob),
                    &[StatusCode::ACCEPTED],
                );
            }
        }
    }
}

/// Operations from a seed, without end.
pub(crate) struct Operations(Rng);

impl Operations {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rng::new(seed))
    }
}

impl Iterator for Operations {
    type Item = Operation;

    fn next(&mut self) -> Option<Operation> {
        let random = &mut self.0;
        let repository = Repository::pick(random.below(2));
        // Images have blobs of their own, which only a collection takes away.
        let blob = 10 + random.below(6);
        let image = random.below(4);
        let tag = random.below(3);
        Some(match random.below(16) {
            0..=1 => Operation::Push(repository, blob),
            2..=3 => Operation::Chunked(repository, blob),
            4..=8 => Operation::Image(repository, image, tag),
            9 => Operation::DeleteBlob(repository, blob),
            10 => Operation::DeleteManifest(repository, image),
            11 => Operation::DeleteTag(repository, tag),
            12..=13 => Operation::Mount(repository, repository.other(), blob),
            14 => Operation::Started(repository, blob),
            _ => Operation::Collect,
        })
    }
}

/// The bytes of a blob.
pub(crate) fn content(blob: u64) -> Vec<u8> {
    if blob == CONFIG {
        return b"{}".to_vec();
    }
    Rng::new(blob).bytes(usize::try_from(blob).unwrap() * 4_321)
}

/// The blobs of an image.
pub(crate) const fn blobs(image: u64) -> [u64; 3] {
    [CONFIG, 1 + image, 2 + image]
}

/// The bytes of an image's manifest.
pub(crate) fn manifest(image: u64) -> Vec<u8> {
    let [config, layers @ ..] = blobs(image);
    let layers = layers.map(|layer| Descriptor::of(MediaType::IMAGE_LAYER, &content(layer)));
    let config = Descriptor::of(MediaType::IMAGE_CONFIG, &content(config));
    serde_json::to_vec(&ImageManifest::new(config, layers.to_vec())).unwrap()
}

fn push(registry: &Registry, repository: &Repository, content: &[u8]) {
    let digest = Digest::sha256(content);
    let post = Request::post(format!("/v2/{repository}/blobs/uploads/?digest={digest}"));
    send(registry, post, content.to_vec(), &[StatusCode::CREATED]);
}

fn push_in_parts(registry: &Registry, repository: &Repository, content: &[u8]) {
    let location = start(registry, repository);
    let (first, second) = content.split_at(content.len() / 2);
    for part in [first, second] {
        send(
            registry,
            Request::patch(&location),
            part.to_vec(),
            &[StatusCode::ACCEPTED],
        );
    }
    let put = Request::put(format!("{location}?digest={}", Digest::sha256(content)));
    send(registry, put, Vec::new(), &[StatusCode::CREATED]);
}

fn start(registry: &Registry, repository: &Repository) -> String {
    let post = Request::post(format!("/v2/{repository}/blobs/uploads/"));
    send(registry, post, Vec::new(), &[StatusCode::ACCEPTED]).unwrap()
}

fn delete(registry: &Registry, path: &str) {
    let delete = Request::builder().method(Method::DELETE).uri(path);
    send(
        registry,
        delete,
        Vec::new(),
        &[StatusCode::ACCEPTED, StatusCode::NOT_FOUND],
    );
}

/// Sends a request and returns the location in its answer.
fn send(
    registry: &Registry,
    request: http::request::Builder,
    body: Vec<u8>,
    expected: &[StatusCode],
) -> Option<String> {
    let request = request.body(Body::from(body)).unwrap();
    let answer = block_on(registry.handle(request));
    assert!(expected.contains(&answer.status()), "{:?}", answer.status());
    Some(answer.headers().get("location")?.to_str().unwrap().to_owned())
}
