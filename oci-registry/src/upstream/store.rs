//! Keeping what was fetched.

use bytes::Bytes;
use oci_spec_types::{AnyManifest, Digest, Document, Tag, TagOrDigest};

use super::{Failure, Wanted};
use crate::error::ApiError;
use crate::handlers::push;
use crate::storage::{KeptKind, PutManifest, StoredManifest};

impl Wanted {
    /// Whether the manifest is here; if so, its age begins anew.
    pub(super) async fn has_manifest(&self, digest: &Digest) -> Result<bool, Failure> {
        let storage = &self.service.storage;
        Ok(storage.refresh(&self.here, KeptKind::Manifest, digest).await?)
    }

    /// Gets the manifest `digest` from the upstream.
    pub(super) async fn fetch_manifest(&self, digest: &Digest) -> Result<Document<AnyManifest>, Failure> {
        let target = TagOrDigest::Digest(digest.clone());
        let fetched = self.there.manifest(&target).await;
        fetched.map_err(|error| self.failure(&error, ApiError::manifest_unknown(digest)))
    }

    /// Stores a manifest, which the client has verified. Its blobs come when they are asked for.
    pub(super) async fn put_manifest(
        &self,
        document: &Document<AnyManifest>,
        tag: Option<&Tag>,
    ) -> Result<(), Failure> {
        let referrer = push::referrer(document, self.service.limits.manifest_size())?;
        let content = Bytes::from_owner(document.shared_bytes());
        let stored = StoredManifest::new(document.media_type().clone(), content);
        let put = PutManifest::new(self.here.clone(), document.digest().clone(), stored)
            .with_referrer(referrer)
            .with_tags(tag.cloned().into_iter().collect());
        Ok(self.service.storage.put_manifest(put).await?)
    }

    pub(super) fn failure(&self, error: &oci_client_core::Error, absent: ApiError) -> Failure {
        Failure::of(&self.upstream.settings.host, error, absent)
    }
}
