use oci_spec_types::{InvalidReference, InvalidReferenceKind};

/// Text that is no [`Location`](super::Location): what is wrong with it, and at which byte.
///
/// It does not repeat the text, which can hold a secret (`user:password@host`).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("invalid location: {kind} (at byte {position})")]
pub struct InvalidLocation {
    kind: InvalidLocationKind,
    position: usize,
}

impl InvalidLocation {
    pub(super) const fn new(kind: InvalidLocationKind, position: usize) -> Self {
        Self { kind, position }
    }

    /// That of a reference that begins at byte `offset`.
    pub(super) fn of(error: &InvalidReference, offset: usize) -> Self {
        let kind = InvalidLocationKind::Reference(error.kind());
        Self::new(kind, offset.saturating_add(error.position()))
    }

    /// What is wrong.
    pub const fn kind(&self) -> InvalidLocationKind {
        self.kind
    }

    /// The first byte that does not fit.
    pub const fn position(&self) -> usize {
        self.position
    }
}

/// What is wrong with the text of a location.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLocationKind {
    /// Nothing follows the scheme.
    #[error("no path follows the scheme; write `oci:DIR`, `oci-archive:FILE` or `docker-archive:FILE`")]
    MissingPath,
    /// A name, tag or digest is wrong.
    #[error("{0}")]
    Reference(InvalidReferenceKind),
    /// A kind of place that other tools know.
    #[error(
        "this kind of place is not supported; there are `oci:`, `oci-archive:`, `docker-archive:` and plain references"
    )]
    UnsupportedScheme,
}
