//! Storing again what the target says it lacks.

use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{AnyManifest, Descriptor, Document, TagOrDigest};

use super::job::{Job, blobs_of};
use crate::Error;

impl Job<'_> {
    /// Stores once more what `document` refers to, where the target says that it lacks some of it: it may have been deleted meanwhile. Where the target says no more
    /// than that the manifest is invalid, that is what it had said to be there: it may have spoken of another repository. Any other error stays one.
    pub(super) async fn mend(&self, document: &Document<AnyManifest>, error: Error) -> Result<(), Error> {
        if error.has_code(&ErrorCode::MANIFEST_BLOB_UNKNOWN) {
            return self.put_children_again(document).await;
        }
        let AnyManifest::Image(image) = document.value() else {
            return Err(error);
        };
        let doubtful: Vec<Descriptor> = blobs_of(image)
            .filter(|blob| self.found.contains(&blob.digest))
            .cloned()
            .collect();
        if !error.has_code(&ErrorCode::MANIFEST_INVALID) || doubtful.is_empty() {
            return Err(error);
        }
        self.again(doubtful, true).await
    }

    async fn put_children_again(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        match document.value() {
            AnyManifest::Image(image) => self.again(blobs_of(image).cloned().collect(), false).await,
            AnyManifest::Index(index) => {
                let copied = index.manifests.iter();
                for descriptor in copied.filter(|descriptor| self.manifests.contains(&descriptor.digest)) {
                    let child = self.read(&TagOrDigest::Digest(descriptor.digest.clone())).await?;
                    self.target.put_manifest(&child).await?;
                }
                Ok(())
            }
        }
    }

    async fn again(&self, blobs: Vec<Descriptor>, regardless: bool) -> Result<(), Error> {
        let mut results = self.transfer(blobs, regardless).await.into_iter();
        results.try_for_each(|(_, result)| result.map(drop))
    }
}
