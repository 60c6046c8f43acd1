//! Checking content against the digest and size that were promised.

use super::{Digest, Hasher, UnsupportedAlgorithm};

#[cfg(test)]
mod tests;

/// Checks content that arrives in pieces against a digest and a size, the size first.
///
/// Content past the promised size is refused as soon as it arrives and is not hashed. Content
/// counts as verified only once [`finish`](Self::finish) has returned `Ok`.
///
/// ```
/// use oci_spec_types::{Digest, Mismatch};
///
/// let digest = Digest::sha256(b"hello");
/// let mut verifier = digest.verifier(5)?;
/// verifier.update(b"hel")?;
/// assert_eq!(verifier.remaining(), 2);
/// verifier.update(b"lo")?;
/// verifier.finish()?;
///
/// let mut verifier = digest.verifier(5)?;
/// assert!(matches!(verifier.update(b"hello, world"), Err(Mismatch::TooLong { at_least: 12, .. })));
/// # Ok::<(), Mismatch>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    digest: Digest,
    hasher: Hasher,
    position: u64,
    size: u64,
}

impl Verifier {
    /// A check for content of `size` bytes under `digest`.
    ///
    /// # Errors
    ///
    /// If this build cannot compute the algorithm of `digest`.
    pub fn new(digest: Digest, size: u64) -> Result<Self, UnsupportedAlgorithm> {
        Ok(Self {
            hasher: digest.hasher()?,
            digest,
            position: 0,
            size,
        })
    }

    /// Takes the next piece of content.
    ///
    /// # Errors
    ///
    /// [`Mismatch::TooLong`] once more than the promised size has arrived, also for every later
    /// call.
    pub fn update(&mut self, content: &[u8]) -> Result<(), Mismatch> {
        self.position = self.position.saturating_add(content.len() as u64);
        if self.position > self.size {
            return Err(self.too_long());
        }
        self.hasher.update(content);
        Ok(())
    }

    /// The digest that the content should have.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How many bytes have arrived.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// How many bytes are still to come.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.size.saturating_sub(self.position)
    }

    /// How many bytes the content should have.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Ends the content and gives the verdict.
    ///
    /// # Errors
    ///
    /// [`Mismatch::TooShort`] or [`Mismatch::TooLong`] if the size is another, else
    /// [`Mismatch::Digest`] if the digest is.
    pub fn finish(self) -> Result<(), Mismatch> {
        if self.position > self.size {
            return Err(self.too_long());
        }
        if self.position < self.size {
            return Err(Mismatch::TooShort {
                digest: Box::new(self.digest),
                expected: self.size,
                found: self.position,
            });
        }
        compare(&self.digest, self.hasher.finish())
    }

    fn too_long(&self) -> Mismatch {
        Mismatch::TooLong {
            at_least: self.position,
            digest: Box::new(self.digest.clone()),
            expected: self.size,
        }
    }
}

/// Why content is not what its digest and size promise. (Digests are boxed to keep results small.)
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The content has another digest.
    #[error("content does not match its digest: expected {expected}, found {found}")]
    Digest {
        /// The digest that was promised.
        expected: Box<Digest>,
        /// The digest of the content.
        found: Box<Digest>,
    },
    /// More bytes arrived than were promised.
    #[error("content is too long: expected {expected} bytes for {digest}, found at least {at_least}")]
    TooLong {
        /// How many bytes had arrived when the check stopped.
        at_least: u64,
        /// The digest that was promised.
        digest: Box<Digest>,
        /// The size that was promised, in bytes.
        expected: u64,
    },
    /// The content ended before the promised size.
    #[error("content is too short: expected {expected} bytes for {digest}, found {found}")]
    TooShort {
        /// The digest that was promised.
        digest: Box<Digest>,
        /// The size that was promised, in bytes.
        expected: u64,
        /// The size of the content, in bytes.
        found: u64,
    },
    /// The digest cannot be checked by this build.
    #[error(transparent)]
    Unsupported(#[from] UnsupportedAlgorithm),
}

/// The one place where a digest is held against another to verify content.
pub(super) fn compare(expected: &Digest, found: Digest) -> Result<(), Mismatch> {
    if *expected == found {
        return Ok(());
    }
    Err(Mismatch::Digest {
        expected: Box::new(expected.clone()),
        found: Box::new(found),
    })
}
