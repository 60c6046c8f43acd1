use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::client::Content;
use oci_client_core::store::{Stored, Target};
use oci_spec_types::{Descriptor, Digest};

/// A layer that was made, with its content. Cloning it does not copy the content; a temporary file that holds it goes away with the last clone.
#[derive(Clone)]
pub struct Layer {
    pub(crate) content: Arc<dyn Content>,
    pub(crate) descriptor: Descriptor,
    pub(crate) diff_id: Digest,
    pub(crate) skipped: Vec<SkippedFile>,
}

impl Layer {
    /// The content, compressed as the descriptor says.
    pub fn content(&self) -> &Arc<dyn Content> {
        &self.content
    }

    /// Type, digest and size of the content.
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The digest of the uncompressed archive.
    pub const fn diff_id(&self) -> &Digest {
        &self.diff_id
    }

    /// Stores the content in `target`, unless it is there already.
    ///
    /// # Errors
    /// As [`Target::put_blob`].
    ///
    /// # Cancellation
    /// A dropped future leaves the blob whole or not there at all.
    pub async fn put_to(&self, target: &dyn Target) -> Result<Stored, Error> {
        target.put_blob(&self.descriptor, self.content.clone()).await
    }

    /// What was on disk and is not in the layer, in the order of the paths.
    pub fn skipped(&self) -> &[SkippedFile] {
        &self.skipped
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Layer")
            .field("descriptor", &self.descriptor)
            .field("diff_id", &self.diff_id)
            .finish_non_exhaustive()
    }
}

/// A socket that was found where a layer was made of files: archives have no way to hold one, and it means nothing without the program that listens on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SkippedFile {
    path: PathBuf,
}

impl SkippedFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it lies on disk.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
