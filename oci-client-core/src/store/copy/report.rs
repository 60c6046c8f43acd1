use oci_spec_types::{AnyManifest, Digest, Document, Tag};

use crate::Error;

/// What was copied.
#[derive(Debug)]
#[non_exhaustive]
pub struct Copied {
    /// How many manifests that are tagged with the digest of another one were copied, if they were asked for.
    pub digest_tags: usize,
    /// What could not be copied; only if the copy was to [keep going](crate::store::CopyOptions::with_keep_going).
    pub failures: Vec<CopyFailure>,
    /// The digest of the index that `root` was made from by [taking images out](crate::store::CopyOptions::with_stripped_platforms); `None` if it is the source's.
    pub made_from: Option<Digest>,
    /// How many referrers were copied, if they were asked for.
    pub referrers: usize,
    /// The manifest or index that is now in the target, unless something [failed](Self::failures) that it needs: what `from` stood for or what was chosen of it.
    pub root: Document<AnyManifest>,
    /// Whether the root is in the target, under its tag if it was to get one. In a dry run, whether it would be.
    pub root_stored: bool,
    /// How many bytes of blobs were transferred. In a dry run, how many would be.
    pub transferred: u64,
}

impl Copied {
    /// Whether all was copied that was to be.
    pub const fn is_complete(&self) -> bool {
        self.root_stored && self.failures.is_empty()
    }
}

/// Something that could not be copied.
#[derive(Debug)]
#[non_exhaustive]
pub struct CopyFailure {
    /// Why not.
    pub error: Error,
    /// What it was.
    pub part: CopyPart,
}

/// A part of what is copied.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CopyPart {
    /// A blob.
    Blob(Digest),
    /// What is tagged with the digest of a manifest.
    DigestTag(Tag),
    /// The list of the tags that are made of digests.
    DigestTags,
    /// A manifest or index by itself: reading or storing it.
    Manifest(Digest),
    /// The list of the referrers of a manifest.
    Referrers(Digest),
}
