//! The grammar of digests, `algorithm:encoded`, and its error.

use super::{Digest, Repr, hex};
use crate::text::{Shown, char_at, text_error};

text_error! {
    /// Text that is not a digest: what is wrong, and at which byte.
    pub struct InvalidDigest(InvalidDigestKind) = "invalid digest";
}

/// What is wrong with the text of a digest or of an algorithm.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDigestKind {
    /// A character that no algorithm name has.
    #[error("{} is not allowed in an algorithm, only a-z, 0-9 and single separators `+` `.` `_` `-`", Shown(*.0))]
    AlgorithmCharacter(char),
    /// The text is empty, or starts with `:`.
    #[error("the algorithm is missing; a digest looks like `sha256:` and 64 hex digits")]
    EmptyAlgorithm,
    /// Nothing follows the `:`.
    #[error("nothing follows the `:`")]
    EmptyEncoded,
    /// A character that no encoded part has.
    #[error("{} is not allowed after the `:`, only letters, digits, `=`, `_` and `-`", Shown(*.0))]
    EncodedCharacter(char),
    /// A character other than a lower-case hex digit under a registered algorithm.
    #[error("{} is not a lower-case hex digit", Shown(*.0))]
    HexCharacter(char),
    /// The wrong number of hex digits for a registered algorithm.
    #[error("{expected} hex digits are required, {found} found")]
    Length {
        /// How many hex digits the algorithm has.
        expected: usize,
        /// How many bytes follow the `:`.
        found: usize,
    },
    /// There is no `:`.
    #[error("the `:` after the algorithm is missing")]
    MissingColon,
    /// A separator of the algorithm that is not between letters or digits.
    #[error("separators in an algorithm must stand alone, between letters or digits")]
    Separator,
    /// The text is longer than [`Digest::MAX_LEN`].
    #[error("a digest may have at most {} bytes", Digest::MAX_LEN)]
    TooLong,
}

/// Checks that the whole of `text` is the name of an algorithm.
pub(super) fn algorithm(text: &str) -> Result<(), InvalidDigest> {
    let end = scan_algorithm(text)?;
    match char_at(text, end) {
        None if end > Digest::MAX_LEN => Err(InvalidDigestKind::TooLong.at(Digest::MAX_LEN)),
        None => Ok(()),
        Some(colon) => Err(InvalidDigestKind::AlgorithmCharacter(colon).at(end)),
    }
}

pub(super) fn digest(text: &str) -> Result<Repr, InvalidDigest> {
    if let Some(hex) = text.strip_prefix(SHA256_PREFIX) {
        return fixed(SHA256_PREFIX, hex).map(Repr::Sha256);
    }
    if let Some(hex) = text.strip_prefix(SHA512_PREFIX) {
        return fixed(SHA512_PREFIX, hex).map(Repr::Sha512);
    }
    if let Some(hex) = text.strip_prefix(BLAKE3_PREFIX) {
        return fixed(BLAKE3_PREFIX, hex).map(Repr::Blake3);
    }
    opaque(text)
}

fn fixed<const N: usize>(prefix: &'static str, text: &str) -> Result<[u8; N], InvalidDigest> {
    hex::decode(text).ok_or_else(|| invalid_hex(prefix.len(), text, 2 * N))
}

/// Why `text`, which starts at byte `offset`, is not `expected` hex digits.
fn invalid_hex(offset: usize, text: &str, expected: usize) -> InvalidDigest {
    let digits = text
        .bytes()
        .take(expected)
        .take_while(|byte| hex::is_digit(*byte))
        .count();
    let kind = match char_at(text, digits) {
        None if text.is_empty() => InvalidDigestKind::EmptyEncoded,
        Some(other) if digits < expected => InvalidDigestKind::HexCharacter(other),
        _ => InvalidDigestKind::Length {
            expected,
            found: text.len(),
        },
    };
    kind.at(offset + digits)
}

fn opaque(text: &str) -> Result<Repr, InvalidDigest> {
    let colon = scan_algorithm(text)?;
    let Some((_, encoded)) = text.split_at_checked(colon + 1) else {
        return Err(InvalidDigestKind::MissingColon.at(colon));
    };
    let accepted = encoded.bytes().take_while(|byte| is_encoded(*byte)).count();
    let position = colon + 1 + accepted;
    match char_at(encoded, accepted) {
        Some(other) => Err(InvalidDigestKind::EncodedCharacter(other).at(position)),
        None if encoded.is_empty() => Err(InvalidDigestKind::EmptyEncoded.at(position)),
        None if text.len() > Digest::MAX_LEN => Err(InvalidDigestKind::TooLong.at(Digest::MAX_LEN)),
        None => Ok(Repr::Opaque(text.into())),
    }
}

/// Checks the algorithm that `text` starts with; returns where it ends, at a `:` or at the end of
/// the text.
fn scan_algorithm(text: &str) -> Result<usize, InvalidDigest> {
    let mut after_separator = true;
    let mut end = text.len();
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => after_separator = false,
            b':' => {
                end = position;
                break;
            }
            b'+' | b'.' | b'_' | b'-' if after_separator => {
                return Err(InvalidDigestKind::Separator.at(position));
            }
            b'+' | b'.' | b'_' | b'-' => after_separator = true,
            _ => return Err(invalid_character(text, position)),
        }
    }
    match end {
        0 => Err(InvalidDigestKind::EmptyAlgorithm.at(0)),
        _ if after_separator => Err(InvalidDigestKind::Separator.at(end - 1)),
        _ => Ok(end),
    }
}

fn invalid_character(text: &str, position: usize) -> InvalidDigest {
    let char = char_at(text, position).expect("all before was ASCII, so a character starts here");
    InvalidDigestKind::AlgorithmCharacter(char).at(position)
}

const fn is_encoded(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'_' | b'-')
}

pub(super) const BLAKE3_PREFIX: &str = "blake3:";
pub(super) const SHA256_PREFIX: &str = "sha256:";
pub(super) const SHA512_PREFIX: &str = "sha512:";
