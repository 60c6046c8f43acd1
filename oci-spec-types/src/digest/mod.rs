//! Digests: `algorithm:encoded`, the name of content by its hash.
//!
//! Grammar and registered algorithms: [image-spec, descriptor.md, Digests].
//!
//! [image-spec, descriptor.md, Digests]: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests

mod algorithm;
mod fallback_tag;
mod hasher;
mod hex;
mod parse;
mod verifier;

#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    fmt::{self, Display},
    str::FromStr,
    sync::Arc,
};

use self::hex::FixedText;
pub use self::{
    algorithm::{Algorithm, UnsupportedAlgorithm},
    hasher::Hasher,
    parse::{InvalidDigest, InvalidDigestKind},
    verifier::{Mismatch, Verifier},
};
use crate::text::text_conversions;

/// The name of content by its hash, such as `sha256:e3b0c442…`.
///
/// The registered algorithms (sha256, sha512, blake3) are held as bytes, without heap memory; their
/// text must have the exact length and lower-case hex. Any other algorithm that fits the grammar is
/// carried as text: such a digest can name content and be passed on, but no content is ever
/// reported as verified against it.
///
/// `Ord` is the order of the text. `Display` and `Debug` write the text.
///
/// ```
/// use oci_spec_types::Digest;
///
/// let digest = Digest::sha256(b"hello");
/// assert_eq!(
///     digest.to_string(),
///     "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
/// );
/// assert!(digest.verify(b"hello").is_ok());
/// assert!(digest.verify(b"Hello").is_err());
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// ```
///
/// Spec: [image-spec, descriptor.md,
/// Digests](https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests).
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Digest(Repr);

#[derive(Clone, Eq, Hash, PartialEq)]
enum Repr {
    Blake3([u8; 32]),
    /// The whole text, for an algorithm that is not one of the others.
    Opaque(Arc<str>),
    Sha256([u8; 32]),
    Sha512([u8; 64]),
}

impl Digest {
    /// The most bytes that the text of a digest may have: 1,024. The spec has no limit; registered algorithms need at most 135.
    pub const MAX_LEN: usize = 1024;

    /// The digest with these 32 bytes as its sha256 hash.
    #[must_use]
    pub const fn from_sha256(hash: [u8; 32]) -> Self {
        Self(Repr::Sha256(hash))
    }

    /// The digest with these 64 bytes as its sha512 hash.
    #[must_use]
    pub const fn from_sha512(hash: [u8; 64]) -> Self {
        Self(Repr::Sha512(hash))
    }

    /// Hashes `content` with sha256, the algorithm that the spec recommends.
    #[must_use]
    pub fn sha256(content: &[u8]) -> Self {
        Hasher::sha256().chain(content).finish()
    }

    /// Hashes `content` with sha512.
    #[must_use]
    pub fn sha512(content: &[u8]) -> Self {
        Hasher::sha512().chain(content).finish()
    }

    /// The part before the `:`.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Repr::Blake3(_) => Algorithm::BLAKE3,
            Repr::Opaque(text) => Algorithm::opaque(split(text).0),
            Repr::Sha256(_) => Algorithm::SHA256,
            Repr::Sha512(_) => Algorithm::SHA512,
        }
    }

    /// The part after the `:`, for printing or, through `as_ref()`, as a `&str`.
    ///
    /// ```
    /// # use oci_spec_types::Digest;
    /// let digest = Digest::from_sha256([0xab; 32]);
    /// assert_eq!(digest.encoded().as_ref(), "ab".repeat(32));
    /// ```
    pub fn encoded(&self) -> impl AsRef<str> + Display + '_ {
        match self.parts() {
            Parts::Fixed(_, hash) => Encoded::Fixed(FixedText::new("", hash)),
            Parts::Opaque(text) => Encoded::Opaque(split(text).1),
        }
    }

    /// The part after the `:` as an owned string.
    #[must_use]
    pub fn encoded_string(&self) -> String {
        self.encoded().as_ref().to_owned()
    }

    /// A hasher for content that is to be compared with this digest.
    ///
    /// # Errors
    ///
    /// If this build cannot compute the algorithm.
    pub fn hasher(&self) -> Result<Hasher, UnsupportedAlgorithm> {
        self.algorithm().hasher()
    }

    /// Whether this build can compute the algorithm, so that content can be verified.
    #[must_use]
    pub const fn is_verifiable(&self) -> bool {
        match self.0 {
            Repr::Blake3(_) => Algorithm::BLAKE3.is_supported(),
            Repr::Opaque(_) => false,
            Repr::Sha256(_) | Repr::Sha512(_) => true,
        }
    }

    /// A check of content that arrives in pieces and must be `size` bytes long.
    ///
    /// # Errors
    ///
    /// If this build cannot compute the algorithm.
    pub fn verifier(&self, size: u64) -> Result<Verifier, UnsupportedAlgorithm> {
        Verifier::new(self.clone(), size)
    }

    /// Checks that `content` has this digest.
    ///
    /// Where the size is known as well, use [`Digest::verifier`]: it refuses content of another
    /// size before hashing it.
    ///
    /// # Errors
    ///
    /// [`Mismatch::Digest`] if the content hashes to another value, [`Mismatch::Unsupported`] if
    /// this build cannot compute the algorithm.
    pub fn verify(&self, content: &[u8]) -> Result<(), Mismatch> {
        let found = self.hasher()?.chain(content).finish();
        verifier::compare(self, found)
    }

    fn parts(&self) -> Parts<'_> {
        match &self.0 {
            Repr::Blake3(hash) => Parts::Fixed(parse::BLAKE3_PREFIX, hash),
            Repr::Opaque(text) => Parts::Opaque(text),
            Repr::Sha256(hash) => Parts::Fixed(parse::SHA256_PREFIX, hash),
            Repr::Sha512(hash) => Parts::Fixed(parse::SHA512_PREFIX, hash),
        }
    }
}

text_conversions!(Digest, InvalidDigest, "a digest such as `sha256:…`");

impl Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            Parts::Fixed(prefix, hash) => f.pad(FixedText::new(prefix, hash).as_str()),
            Parts::Opaque(text) => f.pad(text),
        }
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    /// Parses `algorithm:encoded`.
    ///
    /// # Errors
    ///
    /// With the position of the first byte that does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        parse::digest(text).map(Self)
    }
}

impl Ord for Digest {
    fn cmp(&self, other: &Self) -> Ordering {
        // Hex of equal length sorts as its bytes do. No prefix of a fixed algorithm starts an
        // opaque text or the reverse, so that between the two the prefix decides.
        match (self.parts(), other.parts()) {
            (Parts::Fixed(prefix, hash), Parts::Fixed(other_prefix, other_hash)) => {
                prefix.cmp(other_prefix).then_with(|| hash.cmp(other_hash))
            }
            (Parts::Fixed(prefix, _), Parts::Opaque(text)) => prefix.cmp(text),
            (Parts::Opaque(text), Parts::Fixed(prefix, _)) => text.cmp(prefix),
            (Parts::Opaque(text), Parts::Opaque(other_text)) => text.cmp(other_text),
        }
    }
}

impl PartialOrd for Digest {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The two shapes of a digest: prefix with `:` and hash, or the whole text.
enum Parts<'a> {
    Fixed(&'static str, &'a [u8]),
    Opaque(&'a str),
}

enum Encoded<'a> {
    Fixed(FixedText),
    Opaque(&'a str),
}

impl AsRef<str> for Encoded<'_> {
    fn as_ref(&self) -> &str {
        match self {
            Self::Fixed(text) => text.as_str(),
            Self::Opaque(text) => text,
        }
    }
}

impl Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_ref())
    }
}

fn split(text: &str) -> (&str, &str) {
    text.split_once(':').expect("the parser requires a colon")
}
