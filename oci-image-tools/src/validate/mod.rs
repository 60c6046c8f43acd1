//! Whether an image, or each image of an index, is what it says: digests, sizes, DiffIDs, platforms, history, media types, and what its layers hold.
//!
//! [`validate`] goes through everything and reports all that it finds, each with its place; it does not stop at the first. In the full mode each layer is read once, a piece at a
//! time; in the [fast](ValidateOptions::with_fast) one blobs are only asked for.
//!
//! ```
//! use std::sync::Arc;
//!
//! use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
//! use oci_image_tools::build::Image;
//! use oci_image_tools::validate::{ValidateOptions, validate};
//!
//! let runtime: Arc<dyn Runtime> = Arc::new(ThreadRuntime::new());
//! let image = Image::scratch("linux/amd64".parse()?)?;
//! let target = image.digest().clone().into();
//! let report = block_on(validate(&image, &target, &runtime, &ValidateOptions::new()))?;
//! assert!(report.is_valid());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blobs;
mod documents;
mod image;
mod layer;
mod options;
mod raw;
mod report;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::runtime::Runtime;
use oci_client_core::store::Source;
use oci_spec_types::TagOrDigest;

use self::blobs::Blobs;
use self::documents::Documents;

pub use self::options::ValidateOptions;
pub use self::report::{Defect, ImageFinding, ImageReport};

/// Holds what `target` stands for in `source` against itself: an image, an artifact, or an index with all that it lists. Subjects and referrers do not count.
///
/// Each manifest and blob is fetched once, however often it is listed.
///
/// # Errors
/// If the document that `target` stands for cannot be fetched or read. Whatever else is missing, wrong or cannot be read is a finding.
///
/// # Limits
/// Those of the [options](ValidateOptions::with_limits), for each image; what exceeds one is a finding. So are indexes nested more than 8 deep, and more than 10,000 manifests.
///
/// # Cancellation
/// A dropped future leaves nothing.
pub async fn validate(
    source: &dyn Source,
    target: &TagOrDigest,
    runtime: &Arc<dyn Runtime>,
    options: &ValidateOptions,
) -> Result<ImageReport, Error> {
    let root = source.manifest(target).await?;
    let digest = root.digest().clone();
    let blobs = Blobs::new(source, runtime, options);
    Ok(Documents::new(source, blobs).walk(root).await.into_report(digest))
}
