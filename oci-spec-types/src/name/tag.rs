//! Tags.

use std::{
    borrow::Borrow,
    fmt::{self, Display},
    str::FromStr,
    sync::Arc,
};

use crate::text::{Shown, char_at, text_conversions, text_error};

/// A tag: the name that a manifest has in its repository, such as `latest` or `v1.2.3`.
///
/// 1 to 128 of `A-Z a-z 0-9 . _ -`, not starting with `.` or `-`. Clones share the text.
///
/// ```
/// use oci_spec_types::Tag;
///
/// let tag: Tag = "v1.2.3".parse()?;
/// assert_eq!(tag.as_str(), "v1.2.3");
/// assert_eq!("1.0+build".parse::<Tag>().unwrap_err().position(), 3);
/// # Ok::<(), oci_spec_types::InvalidTag>(())
/// ```
///
/// Spec: [distribution-spec, Pulling manifests].
///
/// [distribution-spec, Pulling manifests]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Tag(Arc<str>);

impl Tag {
    /// The most bytes that a tag may have.
    pub const MAX_LEN: usize = 128;

    /// The tag `latest`, which tools use where none was given.
    #[must_use]
    pub fn latest() -> Self {
        Self("latest".into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a tag may have this character after its first.
    pub(crate) const fn allows(char: char) -> bool {
        matches!(char, 'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-')
    }
}

text_conversions!(Tag, InvalidTag, "a tag");

impl AsRef<str> for Tag {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Tag {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Tag {
    type Err = InvalidTag;

    /// Parses a tag.
    ///
    /// # Errors
    ///
    /// With the position of the first byte that does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidTag> {
        let accepted = text
            .bytes()
            .take(Self::MAX_LEN)
            .take_while(|byte| Self::allows(char::from(*byte)))
            .count();
        match (char_at(text, 0), char_at(text, accepted)) {
            (None, _) => Err(InvalidTagKind::Empty.at(0)),
            (Some(first @ ('.' | '-')), _) => Err(InvalidTagKind::FirstCharacter(first).at(0)),
            (_, None) => Ok(Self(text.into())),
            (_, Some(other)) if accepted < Self::MAX_LEN => Err(InvalidTagKind::Character(other).at(accepted)),
            (_, Some(_)) => Err(InvalidTagKind::TooLong.at(accepted)),
        }
    }
}

text_error! {
    /// Text that is not a tag: what is wrong, and at which byte.
    pub struct InvalidTag(InvalidTagKind) = "invalid tag";
}

/// What is wrong with the text of a tag.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTagKind {
    /// A character that no tag has.
    #[error("{} is not allowed in a tag, only letters, digits, `.`, `_` and `-`", Shown(*.0))]
    Character(char),
    /// The tag is empty.
    #[error("the tag is empty")]
    Empty,
    /// `.` or `-`, which a tag cannot start with.
    #[error("a tag cannot start with {}", Shown(*.0))]
    FirstCharacter(char),
    /// The tag is longer than [`Tag::MAX_LEN`].
    #[error("a tag may have at most {} characters", Tag::MAX_LEN)]
    TooLong,
}
