//! The grammar of media types (RFC 6838, section 4.2) and its error.

use crate::text::{Shown, char_at, text_error};

text_error! {
    /// Text that is not a media type: what is wrong, and at which byte.
    pub struct InvalidMediaType(InvalidMediaTypeKind) = "invalid media type";
}

impl InvalidMediaType {
    /// The same error, for a text that starts at byte `offset` of a longer one.
    pub(super) const fn after(self, offset: usize) -> Self {
        self.kind.at(self.position + offset)
    }
}

/// What is wrong with the text of a media type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMediaTypeKind {
    /// A character that no media type has at this place.
    #[error("{} is not allowed here; a media type looks like `type/subtype`, without parameters", Shown(*.0))]
    Character(char),
    /// The type or the subtype is empty.
    #[error("the type or subtype is missing")]
    Empty,
    /// There is no `/`.
    #[error("the `/` between type and subtype is missing")]
    MissingSlash,
    /// The type or the subtype is longer than 127 characters.
    #[error("the type and the subtype may have at most 127 characters each")]
    TooLong,
}

/// Checks that `text` is a media type.
pub(super) fn check(text: &str) -> Result<(), InvalidMediaType> {
    scan(text.as_bytes()).map_err(|error| match (error.kind, char_at(text, error.position)) {
        (InvalidMediaTypeKind::Character(_), Some(char)) => InvalidMediaTypeKind::Character(char).at(error.position),
        _ => error,
    })
}

/// As [`check`], at compile time too, where the character of an error is only its first byte.
pub(super) const fn scan(text: &[u8]) -> Result<(), InvalidMediaType> {
    let (mut rest, mut position) = (text, 0);
    let (mut part_len, mut after_slash) = (0, false);
    while let [byte, tail @ ..] = rest {
        let kind = match *byte {
            b'/' if part_len == 0 => Some(InvalidMediaTypeKind::Empty),
            b'/' if !after_slash => None,
            byte if !is_allowed(byte, part_len == 0) => Some(InvalidMediaTypeKind::Character(byte as char)),
            _ if part_len == MAX_PART => Some(InvalidMediaTypeKind::TooLong),
            _ => None,
        };
        if let Some(kind) = kind {
            return Err(kind.at(position));
        }
        if *byte == b'/' {
            (part_len, after_slash) = (0, true);
        } else {
            part_len += 1;
        }
        (rest, position) = (tail, position + 1);
    }
    match (part_len, after_slash) {
        (0, _) => Err(InvalidMediaTypeKind::Empty.at(position)),
        (_, false) => Err(InvalidMediaTypeKind::MissingSlash.at(position)),
        (_, true) => Ok(()),
    }
}

/// RFC 6838: `restricted-name-first` and `restricted-name-chars`.
const fn is_allowed(byte: u8, first: bool) -> bool {
    byte.is_ascii_alphanumeric()
        || !first && matches!(byte, b'!' | b'#' | b'$' | b'&' | b'-' | b'^' | b'_' | b'.' | b'+')
}

const MAX_PART: usize = 127;
