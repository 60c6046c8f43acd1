//! Repository names.

use std::{
    borrow::Borrow,
    fmt::{self, Display},
    str::FromStr,
    sync::Arc,
};

use crate::text::{Shown, char_at, text_conversions, text_error};

/// The name of a repository in its registry, such as `library/ubuntu`; the spec's `<name>`.
///
/// Components joined by `/`, each of `a-z` and `0-9` with `.`, `_`, `__` or any number of `-`
/// between them. It can never hold `:`, `,`, a space or an empty, `.` or `..` component, so it is
/// safe in a URL path and in an authorization scope. Clones share the text.
///
/// ```
/// use oci_spec_types::RepositoryName;
///
/// let name: RepositoryName = "library/ubuntu".parse()?;
/// assert_eq!(name.components().collect::<Vec<_>>(), ["library", "ubuntu"]);
/// assert_eq!("library/Ubuntu".parse::<RepositoryName>().unwrap_err().position(), 8);
/// # Ok::<(), oci_spec_types::InvalidRepositoryName>(())
/// ```
///
/// Spec: [distribution-spec, Pulling manifests].
///
/// [distribution-spec, Pulling manifests]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RepositoryName(Arc<str>);

impl RepositoryName {
    /// The most bytes that a name may have. The spec sets no limit, but many clients refuse a
    /// longer name even without a host.
    pub const MAX_LEN: usize = 255;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts between the slashes; there is at least one.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.as_str().split('/')
    }

    /// `library/name`; `None` if that is too long.
    pub(super) fn in_library(name: &str) -> Result<Option<Self>, InvalidRepositoryName> {
        check(name)?;
        // Put together on the stack, so that the name takes one piece of heap memory and not two.
        let mut buffer = [0; Self::MAX_LEN];
        let whole = buffer.get_mut(..LIBRARY.len() + name.len());
        let Some(whole) = whole else { return Ok(None) };
        let (folder, rest) = whole.split_at_mut(LIBRARY.len());
        folder.copy_from_slice(LIBRARY.as_bytes());
        rest.copy_from_slice(name.as_bytes());
        let text = str::from_utf8(whole).expect("a name that was checked is ASCII");
        Ok(Some(Self(text.into())))
    }
}

text_conversions!(RepositoryName, InvalidRepositoryName, "a repository name");

impl AsRef<str> for RepositoryName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for RepositoryName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RepositoryName {
    type Err = InvalidRepositoryName;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// With the position of the first byte that does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidRepositoryName> {
        check(text)?;
        Ok(Self(text.into()))
    }
}

text_error! {
    /// Text that is not a repository name: what is wrong, and at which byte.
    pub struct InvalidRepositoryName(InvalidRepositoryNameKind) = "invalid repository name";
}

/// What is wrong with the text of a repository name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRepositoryNameKind {
    /// A character that no repository name has.
    #[error("{} is not allowed in a repository name, only a-z, 0-9, `.`, `_`, `-` and `/`", Shown(*.0))]
    Character(char),
    /// The name is empty.
    #[error("the name is empty")]
    Empty,
    /// Nothing stands before, between or after slashes.
    #[error("a component is empty; remove the extra `/`")]
    EmptyComponent,
    /// A separator that is not between letters or digits, or two that do not go together.
    #[error("only one of `.`, `_`, `__` or a run of `-` may stand here, and only between letters or digits")]
    Separator,
    /// The name is longer than [`RepositoryName::MAX_LEN`].
    #[error("a repository name may have at most {} characters", RepositoryName::MAX_LEN)]
    TooLong,
}

fn check(text: &str) -> Result<(), InvalidRepositoryName> {
    let mut state = State::ComponentStart;
    for (position, byte) in text.bytes().take(RepositoryName::MAX_LEN).enumerate() {
        state = match state.after(byte) {
            Ok(next) => next,
            Err(None) => return Err(invalid_character(text, position)),
            Err(Some(kind)) => return Err(kind.at(position)),
        };
    }
    match state {
        _ if text.len() > RepositoryName::MAX_LEN => {
            Err(InvalidRepositoryNameKind::TooLong.at(RepositoryName::MAX_LEN))
        }
        State::Alphanumeric => Ok(()),
        State::ComponentStart if text.is_empty() => Err(InvalidRepositoryNameKind::Empty.at(0)),
        State::ComponentStart => Err(InvalidRepositoryNameKind::EmptyComponent.at(text.len())),
        _ => Err(InvalidRepositoryNameKind::Separator.at(text.len() - 1)),
    }
}

fn invalid_character(text: &str, position: usize) -> InvalidRepositoryName {
    let char = char_at(text, position).expect("all before was ASCII, so a character starts here");
    InvalidRepositoryNameKind::Character(char).at(position)
}

/// What the scanner has just read.
#[derive(Clone, Copy)]
enum State {
    Alphanumeric,
    ComponentStart,
    Dashes,
    /// A separator after which only a letter or digit can follow: `.` or `__`.
    Separator,
    Underscore,
}

impl State {
    /// The next state, or what is wrong: `None` for a character that does not belong in a name.
    #[inline]
    const fn after(self, byte: u8) -> Result<Self, Option<InvalidRepositoryNameKind>> {
        // Most bytes are these, and what came before does not count for them.
        if matches!(byte, b'a'..=b'z' | b'0'..=b'9') {
            return Ok(Self::Alphanumeric);
        }
        match (self, byte) {
            (Self::Alphanumeric, b'/') => Ok(Self::ComponentStart),
            (Self::Alphanumeric, b'.') | (Self::Underscore, b'_') => Ok(Self::Separator),
            (Self::Alphanumeric, b'_') => Ok(Self::Underscore),
            (Self::Alphanumeric | Self::Dashes, b'-') => Ok(Self::Dashes),
            (Self::ComponentStart, b'/') => Err(Some(InvalidRepositoryNameKind::EmptyComponent)),
            (_, b'.' | b'_' | b'-' | b'/') => Err(Some(InvalidRepositoryNameKind::Separator)),
            _ => Err(None),
        }
    }
}

/// The folder of the official images on Docker Hub.
const LIBRARY: &str = "library/";
