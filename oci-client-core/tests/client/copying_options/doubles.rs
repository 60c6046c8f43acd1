//! Stores that leave things out or mix them up.

use std::sync::Arc;

use async_trait::async_trait;
use oci_client_core::client::Content;
use oci_client_core::store::{MemoryStore, Source, Stored, Target};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Descriptor, Document, Tag, TagOrDigest};

/// Cannot tell what it has.
pub(super) struct Mute(pub(super) MemoryStore);

#[async_trait]
impl Target for Mute {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        self.0.put_blob(descriptor, content).await
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.0.put_manifest(document).await
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        self.0.put_root(document, tag).await
    }
}

/// Fails to list referrers.
pub(super) struct NoLists;

#[async_trait]
impl Source for NoLists {
    async fn manifest(&self, _: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        Err(Error::new(ErrorKind::NotFound, "nothing is here"))
    }

    async fn blob(&self, _: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        Err(Error::new(ErrorKind::NotFound, "nothing is here"))
    }
}

/// Lists no tags.
pub(super) struct Lists(pub(super) MemoryStore);

#[async_trait]
impl Source for Lists {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.0.manifest(target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        self.0.blob(descriptor).await
    }
}

/// Gives the same manifest for every digest.
pub(super) struct Swapping {
    pub(super) store: MemoryStore,
    pub(super) with: Document<AnyManifest>,
}

#[async_trait]
impl Source for Swapping {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        match target {
            TagOrDigest::Digest(_) => Ok(self.with.clone()),
            TagOrDigest::Tag(_) => self.store.manifest(target).await,
        }
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        self.store.blob(descriptor).await
    }
}
