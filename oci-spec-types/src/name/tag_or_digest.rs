//! What names a manifest in its repository: a tag or a digest.

use std::{
    fmt::{self, Display},
    str::FromStr,
};

use super::{InvalidReference, Tag};
use crate::{digest::Digest, text::text_conversions};

/// What names a manifest in its repository: a tag or a digest.
///
/// Text with a `:` is a digest, other text is a tag, since every digest has a `:` and no tag does.
///
/// ```
/// use oci_spec_types::{Digest, TagOrDigest};
///
/// assert!(matches!("v1".parse()?, TagOrDigest::Tag(_)));
/// let digest = Digest::sha256(b"content");
/// assert_eq!(digest.to_string().parse::<TagOrDigest>()?, TagOrDigest::Digest(digest));
/// # Ok::<(), oci_spec_types::InvalidReference>(())
/// ```
///
/// Spec: `<tag-or-digest>` in [distribution-spec, Pulling manifests].
///
/// [distribution-spec, Pulling manifests]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "the spec allows these two and nothing else")]
pub enum TagOrDigest {
    /// The content itself: it never names anything else.
    Digest(Digest),
    /// A name that can be moved to other content.
    Tag(Tag),
}

text_conversions!(TagOrDigest, InvalidReference, "a tag or a digest");

impl Display for TagOrDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => digest.fmt(f),
            Self::Tag(tag) => tag.fmt(f),
        }
    }
}

impl From<Digest> for TagOrDigest {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

impl From<Tag> for TagOrDigest {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl FromStr for TagOrDigest {
    type Err = InvalidReference;

    /// Parses a digest if `text` has a `:`, else a tag.
    ///
    /// # Errors
    ///
    /// With the position of the first byte that does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        if text.contains(':') {
            Ok(Self::Digest(text.parse()?))
        } else {
            Ok(Self::Tag(text.parse()?))
        }
    }
}
