//! Copying the tags of a repository.

use std::fmt;

use oci_spec_types::{Digest, Tag, TagOrDigest};

use super::job::Job;
use super::options::CopyOptions;
use super::pattern::TagPattern;
use super::report::Copied;
use crate::Error;
use crate::store::{Source, Target};

/// Copies what every tag of the source stands for, or those that are wanted, under the same tags.
///
/// The tags are copied one after the other, in order; what several of them share is copied once. Lists under the fallback tags of
/// referrers are not copied as such: the target keeps lists of its own, by [`CopyOptions::with_referrers`].
///
/// ```
/// use oci_client_core::runtime::block_on;
/// use oci_client_core::store::{CopyOptions, MemoryStore, RepositoryCopyOptions, copy_repository};
/// # use oci_spec_types::{AnyManifest, Document, ImageIndex};
///
/// let (from, to) = (MemoryStore::new(), MemoryStore::new());
/// # let empty: AnyManifest = ImageIndex::new(Vec::new()).into();
/// # let empty = Document::from_value(empty).unwrap();
/// for tag in ["v1.0", "v1.1", "v2.0"] {
///     from.add_manifest(empty.clone(), Some(tag.parse().unwrap()));
/// }
/// let options = RepositoryCopyOptions::new(CopyOptions::new()).with_tags(["v1.*".parse().unwrap()]);
/// let copied = block_on(copy_repository(&from, &to, &options))?;
/// assert_eq!(copied.tags.len(), 2);
/// assert!(copied.is_complete());
/// # Ok::<(), oci_client_core::Error>(())
/// ```
///
/// # Errors
/// If the tags of the source cannot be listed. Else the first failure; with [`CopyOptions::with_keep_going`] the report has them all.
///
/// # Cancellation
/// As for [`copy`](super::copy()).
pub async fn copy_repository(
    source: &dyn Source,
    target: &dyn Target,
    options: &RepositoryCopyOptions,
) -> Result<RepositoryCopied, Error> {
    let mut tags = source.tags().await?;
    tags.sort();
    tags.dedup();
    let mut job = Job::new(source, target, &options.copy);
    let mut report = RepositoryCopied::default();
    for tag in tags.into_iter().filter(|tag| options.wants(tag)) {
        let outcome = match options.outcome(&mut job, &tag).await {
            Ok(outcome) => outcome,
            Err(error) if options.copy.keep_going => TagOutcome::Failed(error),
            Err(error) => {
                let message = format!("the tag `{tag}` could not be copied");
                return Err(Error::new(error.kind(), message).with_source(error));
            }
        };
        report.tags.push(TagCopied { outcome, tag });
    }
    Ok(report)
}

/// How to copy a repository.
#[derive(Clone)]
pub struct RepositoryCopyOptions {
    clobber: bool,
    copy: CopyOptions,
    except: Vec<TagPattern>,
    tags: Vec<TagPattern>,
}

impl RepositoryCopyOptions {
    /// All tags, each copied by `copy`. Tags that the target has already are moved.
    pub const fn new(copy: CopyOptions) -> Self {
        Self {
            clobber: true,
            copy,
            except: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// Copies only the tags that match one of `patterns`, besides those wanted before.
    #[must_use]
    pub fn with_tags(mut self, patterns: impl IntoIterator<Item = TagPattern>) -> Self {
        self.tags.extend(patterns);
        self
    }

    /// Does not copy the tags that match one of `patterns`, whatever else is wanted.
    #[must_use]
    pub fn without_tags(mut self, patterns: impl IntoIterator<Item = TagPattern>) -> Self {
        self.except.extend(patterns);
        self
    }

    /// Leaves the tags alone that the target has already, and reports them. The target has to be able to tell ([`Target::resolve`]).
    ///
    /// A tag is looked for before its content is copied. One that somebody else sets meanwhile is moved: no registry is known to set a tag on a condition.
    #[must_use]
    pub const fn with_no_clobber(mut self) -> Self {
        self.clobber = false;
        self
    }

    fn wants(&self, tag: &Tag) -> bool {
        let among = |patterns: &[TagPattern]| patterns.iter().any(|pattern| pattern.matches(tag));
        (self.tags.is_empty() || among(&self.tags)) && !among(&self.except) && !is_list_of_referrers(tag)
    }

    async fn outcome(&self, job: &mut Job<'_>, tag: &Tag) -> Result<TagOutcome, Error> {
        let named = TagOrDigest::Tag(tag.clone());
        if !self.clobber
            && let Some(found) = job.target.resolve(&named).await?
        {
            return Ok(TagOutcome::Kept(found.digest));
        }
        let copied = job.copy(&named, Some(tag)).await?;
        Ok(TagOutcome::Copied(Box::new(copied)))
    }
}

impl From<CopyOptions> for RepositoryCopyOptions {
    fn from(copy: CopyOptions) -> Self {
        Self::new(copy)
    }
}

impl fmt::Debug for RepositoryCopyOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            clobber,
            copy,
            except,
            tags,
        } = self;
        formatter
            .debug_struct("RepositoryCopyOptions")
            .field("clobber", clobber)
            .field("copy", copy)
            .field("except", except)
            .field("tags", tags)
            .finish()
    }
}

/// What was copied of a repository.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct RepositoryCopied {
    /// What came of each tag that was wanted, in order.
    pub tags: Vec<TagCopied>,
}

impl RepositoryCopied {
    /// Whether every tag that was wanted is in the target, as the source has it or as the target had it before.
    pub fn is_complete(&self) -> bool {
        self.tags.iter().all(|tag| match &tag.outcome {
            TagOutcome::Copied(copied) => copied.is_complete(),
            TagOutcome::Failed(_) => false,
            TagOutcome::Kept(_) => true,
        })
    }
}

/// What came of a tag.
#[derive(Debug)]
#[non_exhaustive]
pub struct TagCopied {
    /// What came of it.
    pub outcome: TagOutcome,
    /// The tag.
    pub tag: Tag,
}

/// What can come of copying a tag.
#[derive(Debug)]
#[non_exhaustive]
pub enum TagOutcome {
    /// It was copied, as far as this says.
    Copied(Box<Copied>),
    /// Nothing of it could be copied.
    Failed(Error),
    /// The target had it already, for this, and it was left so.
    Kept(Digest),
}

/// Whether a tag is the one under which the referrers of some digest are listed.
fn is_list_of_referrers(tag: &Tag) -> bool {
    let Some((algorithm, encoded)) = tag.as_str().split_once('-') else {
        return false;
    };
    let is_hex = encoded.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    ALGORITHMS.contains(&algorithm) && encoded.len() == FALLBACK_LENGTH && is_hex
}

/// The algorithms of digests that are in use.
const ALGORITHMS: [&str; 3] = ["blake3", "sha256", "sha512"];

/// How much of a digest such a tag has.
const FALLBACK_LENGTH: usize = 64;
