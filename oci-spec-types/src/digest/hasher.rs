//! Hashing content that arrives in pieces.

use std::fmt;

use sha2::{Digest as _, Sha256, Sha512};

#[cfg(feature = "blake3")]
use super::Repr;
use super::{Algorithm, Digest};

/// Hashes content that arrives in pieces. Made by [`Algorithm::hasher`] or [`Digest::hasher`].
///
/// A clone goes on from the same place, so that a state can be kept while the original is finished.
///
/// ```
/// use oci_spec_types::{Algorithm, Digest};
///
/// let mut hasher = Algorithm::SHA256.hasher()?;
/// hasher.update(b"hel");
/// hasher.update(b"lo");
/// assert_eq!(hasher.len(), 5);
/// assert_eq!(hasher.finish(), Digest::sha256(b"hello"));
/// # Ok::<(), oci_spec_types::UnsupportedAlgorithm>(())
/// ```
#[derive(Clone)]
pub struct Hasher {
    len: u64,
    state: State,
}

#[derive(Clone)]
enum State {
    /// Boxed: about two kilobytes.
    #[cfg(feature = "blake3")]
    Blake3(Box<blake3::Hasher>),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    #[cfg(feature = "blake3")]
    pub(super) fn blake3() -> Self {
        Self::of(State::Blake3(Box::default()))
    }

    pub(super) fn sha256() -> Self {
        Self::of(State::Sha256(Sha256::new()))
    }

    pub(super) fn sha512() -> Self {
        Self::of(State::Sha512(Sha512::new()))
    }

    const fn of(state: State) -> Self {
        Self { len: 0, state }
    }

    /// Hashes the next piece.
    pub fn update(&mut self, content: &[u8]) {
        // No machine hashes 2^64 bytes; saturating keeps even that from a panic.
        self.len = self.len.saturating_add(content.len() as u64);
        match &mut self.state {
            #[cfg(feature = "blake3")]
            State::Blake3(state) => {
                state.update(content);
            }
            State::Sha256(state) => state.update(content),
            State::Sha512(state) => state.update(content),
        }
    }

    /// The algorithm that is computed.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.state {
            #[cfg(feature = "blake3")]
            State::Blake3(_) => Algorithm::BLAKE3,
            State::Sha256(_) => Algorithm::SHA256,
            State::Sha512(_) => Algorithm::SHA512,
        }
    }

    /// Whether nothing has been hashed yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes have been hashed.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// The digest of all that was hashed.
    #[must_use]
    pub fn finish(self) -> Digest {
        match self.state {
            #[cfg(feature = "blake3")]
            State::Blake3(state) => Digest(Repr::Blake3(*state.finalize().as_bytes())),
            State::Sha256(state) => Digest::from_sha256(state.finalize().into()),
            State::Sha512(state) => Digest::from_sha512(state.finalize().into()),
        }
    }

    pub(super) fn chain(mut self, content: &[u8]) -> Self {
        self.update(content);
        self
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("algorithm", &self.algorithm())
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
