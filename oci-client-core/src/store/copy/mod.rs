//! Copying between any two stores.

mod attached;
mod job;
mod mend;
mod options;
mod pattern;
mod platforms;
mod report;
mod repository;

use oci_spec_types::{Tag, TagOrDigest};

use self::job::Job;
use super::{Source, Target};
use crate::Error;

pub use options::{CopyEvent, CopyOptions};
pub use pattern::{InvalidTagPattern, TagPattern};
pub use report::{Copied, CopyFailure, CopyPart};
pub use repository::{RepositoryCopied, RepositoryCopyOptions, TagCopied, TagOutcome, copy_repository};

/// Copies what `from` stands for, with everything below it, and tags it where there is a `tag`.
///
/// Bytes are forwarded as they are, so digests stay. Each distinct blob is copied once, several at a time, in manifest order; children come before their
/// parents and the root last, so that nothing visible ever lacks a part. Layers that may not be distributed are left where they are. A copy that was interrupted is
/// taken up by copying again: what has arrived is not transferred once more.
///
/// # Errors
/// The first failure of either side. What was copied until then stays. With [`CopyOptions::with_keep_going`] only what keeps anything from being copied at all, such as a root that
/// cannot be read; the rest is in [`Copied::failures`].
///
/// # Limits
/// Indexes nested deeper than [`CopyOptions::MAX_DEPTH`] or more than [`CopyOptions::MAX_MANIFESTS`] manifests in all are an error.
///
/// # Cancellation
/// Dropping the future stops at once; each blob and manifest is then whole in the target or not there.
pub async fn copy(
    source: &dyn Source,
    from: &TagOrDigest,
    target: &dyn Target,
    tag: Option<&Tag>,
    options: &CopyOptions,
) -> Result<Copied, Error> {
    Job::new(source, target, options).copy(from, tag).await
}
