//! The algorithm of a digest: the part before the `:`.

use std::{
    fmt::{self, Display},
    str::FromStr,
    sync::Arc,
};

use super::{Hasher, InvalidDigest, parse};
use crate::{Sanitized, text::text_conversions};

/// The algorithm of a digest: a registered one, or any other name that fits the grammar.
///
/// ```
/// use oci_spec_types::Algorithm;
///
/// assert_eq!("sha256".parse(), Ok(Algorithm::SHA256));
/// assert!(Algorithm::SHA512.is_supported());
/// assert!(!"md5".parse::<Algorithm>().unwrap().is_supported());
/// ```
///
/// Spec: [image-spec, descriptor.md, Registered Algorithms].
///
/// [image-spec, descriptor.md, Registered Algorithms]: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#registered-algorithms
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Algorithm(Repr);

#[derive(Clone, Eq, Hash, PartialEq)]
enum Repr {
    Blake3,
    Opaque(Arc<str>),
    Sha256,
    Sha512,
}

impl Algorithm {
    /// BLAKE3 with 256 bits of output. Computed only by a build with the `blake3` feature.
    pub const BLAKE3: Self = Self(Repr::Blake3);
    /// SHA-256, which every implementation must support.
    pub const SHA256: Self = Self(Repr::Sha256);
    /// SHA-512.
    pub const SHA512: Self = Self(Repr::Sha512);

    /// The name, as it stands before the `:` of a digest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Blake3 => "blake3",
            Repr::Opaque(name) => name,
            Repr::Sha256 => "sha256",
            Repr::Sha512 => "sha512",
        }
    }

    /// A hasher of this algorithm.
    ///
    /// # Errors
    ///
    /// If this build cannot compute it.
    pub fn hasher(&self) -> Result<Hasher, UnsupportedAlgorithm> {
        match &self.0 {
            #[cfg(feature = "blake3")]
            Repr::Blake3 => Ok(Hasher::blake3()),
            Repr::Sha256 => Ok(Hasher::sha256()),
            Repr::Sha512 => Ok(Hasher::sha512()),
            _ => Err(UnsupportedAlgorithm {
                algorithm: self.clone(),
            }),
        }
    }

    /// Whether this build can compute it.
    #[must_use]
    pub const fn is_supported(&self) -> bool {
        match self.0 {
            Repr::Blake3 => cfg!(feature = "blake3"),
            Repr::Opaque(_) => false,
            Repr::Sha256 | Repr::Sha512 => true,
        }
    }

    /// `name` is that of an opaque digest: it fits the grammar and is not registered.
    pub(super) fn opaque(name: &str) -> Self {
        Self(Repr::Opaque(name.into()))
    }
}

text_conversions!(Algorithm, InvalidDigest, "a digest algorithm such as `sha256`");

impl Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = InvalidDigest;

    /// Parses a name of the grammar `[a-z0-9]+([+._-][a-z0-9]+)*`, at most [`Digest::MAX_LEN`](super::Digest::MAX_LEN) bytes.
    ///
    /// # Errors
    ///
    /// With the position of the first byte that does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        match text {
            "blake3" => Ok(Self::BLAKE3),
            "sha256" => Ok(Self::SHA256),
            "sha512" => Ok(Self::SHA512),
            other => parse::algorithm(other).map(|()| Self::opaque(other)),
        }
    }
}

/// This build cannot compute the algorithm of a digest, so that content under it cannot be
/// verified.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the digest algorithm `{}` cannot be computed here, so its content cannot be verified{}",
    Sanitized::new(algorithm.as_str()).with_max_len(MAX_SHOWN),
    hint(algorithm)
)]
pub struct UnsupportedAlgorithm {
    algorithm: Algorithm,
}

impl UnsupportedAlgorithm {
    /// The algorithm in question.
    #[must_use]
    pub const fn algorithm(&self) -> &Algorithm {
        &self.algorithm
    }
}

fn hint(algorithm: &Algorithm) -> &'static str {
    if *algorithm == Algorithm::BLAKE3 {
        "; build oci-spec-types with the `blake3` feature"
    } else {
        ""
    }
}

/// The most bytes of an algorithm that an error shows.
const MAX_SHOWN: usize = 64;
