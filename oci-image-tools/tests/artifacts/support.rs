//! A client of an embedded registry, and what the tests make of it.

use std::sync::Arc;

use oci_client_core::client::{Client, Repository};
use oci_client_core::runtime::{Runtime, ThreadRuntime};
use oci_client_core::store::Source;
use oci_registry::Registry;
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, TagOrDigest};

pub(crate) fn repository() -> Repository {
    in_registry(Registry::in_memory(), "registry.example.com/team/things")
}

pub(crate) fn in_registry(registry: Registry, reference: &str) -> Repository {
    Client::new(Arc::new(registry), runtime()).repository(&reference.parse().unwrap())
}

pub(crate) fn runtime() -> Arc<dyn Runtime> {
    Arc::new(ThreadRuntime::new())
}

pub(crate) fn target(text: &str) -> TagOrDigest {
    text.parse().unwrap()
}

pub(crate) fn image(document: &Document<AnyManifest>) -> &ImageManifest {
    document.value().as_image().unwrap()
}

/// A whole blob, as it is stored.
pub(crate) async fn blob(source: &Repository, blob: &Descriptor) -> Vec<u8> {
    source.blob(blob).unwrap().bytes(1 << 20).await.unwrap().to_vec()
}

pub(crate) async fn pushed(source: &dyn Source, tag: &str) -> Document<AnyManifest> {
    source.manifest(&target(tag)).await.unwrap()
}
