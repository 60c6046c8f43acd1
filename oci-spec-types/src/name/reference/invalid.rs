//! What can be wrong with a reference.

use crate::{
    digest::{InvalidDigest, InvalidDigestKind},
    name::{
        InvalidRegistryHost, InvalidRegistryHostKind, InvalidRepositoryName, InvalidRepositoryNameKind, InvalidTag,
        InvalidTagKind, Reference,
    },
    text::text_error,
};

text_error! {
    /// Text that is not a reference: which part, what is wrong with it, and at which byte of the
    /// whole text.
    ///
    /// It does not repeat the text, which can hold a secret (`user:password@host`).
    pub struct InvalidReference(InvalidReferenceKind) = "invalid reference";
}

impl InvalidReference {
    /// The same error, for a text that starts at byte `offset` of a longer one.
    pub(super) const fn after(self, offset: usize) -> Self {
        self.kind.at(self.position + offset)
    }
}

impl From<InvalidDigest> for InvalidReference {
    fn from(error: InvalidDigest) -> Self {
        InvalidReferenceKind::Digest(error.kind()).at(error.position())
    }
}

impl From<InvalidRegistryHost> for InvalidReference {
    fn from(error: InvalidRegistryHost) -> Self {
        InvalidReferenceKind::Host(error.kind()).at(error.position())
    }
}

impl From<InvalidRepositoryName> for InvalidReference {
    fn from(error: InvalidRepositoryName) -> Self {
        InvalidReferenceKind::Repository(error.kind()).at(error.position())
    }
}

impl From<InvalidTag> for InvalidReference {
    fn from(error: InvalidTag) -> Self {
        InvalidReferenceKind::Tag(error.kind()).at(error.position())
    }
}

/// What is wrong with the text of a reference.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReferenceKind {
    /// The part after `@` is not a digest.
    #[error("digest: {0}")]
    Digest(InvalidDigestKind),
    /// The text is empty.
    #[error("it is empty; write `host/repository:tag` or `host/repository@digest`")]
    Empty,
    /// The part before the first `/` is not a registry host.
    #[error("registry host: {0}")]
    Host(InvalidRegistryHostKind),
    /// 64 hex digits alone, in the familiar form.
    #[error("64 hex digits alone are the id of a local image; write `repository@sha256:` before them to mean a digest")]
    ImageId,
    /// The strict form without a registry host.
    #[error(
        "it has no registry host; write it out, as in `docker.io/library/ubuntu`, or read it with `Reference::familiar`"
    )]
    MissingHost,
    /// Only a registry host.
    #[error("no repository follows the registry host; write `host/repository`")]
    MissingRepository,
    /// The repository name is wrong.
    #[error("repository name: {0}")]
    Repository(InvalidRepositoryNameKind),
    /// It starts with a scheme.
    #[error("it starts with a scheme such as `https://` or `docker://`; leave that out")]
    Scheme,
    /// The tag is wrong.
    #[error("tag: {0}")]
    Tag(InvalidTagKind),
    /// Host, `/` and repository are too long together.
    #[error(
        "host and repository may have at most {} characters together",
        Reference::MAX_NAME_LEN
    )]
    TooLong,
    /// It has credentials before the host.
    #[error("a user or password before `@` does not belong in a reference; give credentials separately")]
    UserInfo,
}
