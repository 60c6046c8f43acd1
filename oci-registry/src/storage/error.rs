use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;

use oci_client_core::runtime::Interrupted;

/// A storage that could not do what it was asked to do.
///
/// It is for the operator: a client sees the kind and no more. Content that is absent is no error.
#[derive(Debug)]
pub struct StorageError {
    kind: StorageErrorKind,
    context: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl StorageError {
    /// An error of `kind`; `context` says what was being done.
    pub fn new(kind: StorageErrorKind, context: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            context: context.into(),
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What failed.
    pub const fn kind(&self) -> StorageErrorKind {
        self.kind
    }

    /// What a change was to depend on is not so.
    pub(super) fn precondition_failed() -> Self {
        Self::new(
            StorageErrorKind::PreconditionFailed,
            "the tag or manifest is not in the state that If-Match or If-None-Match asks for; read it again",
        )
    }

    /// The upload of a writer is gone.
    pub(super) fn ended() -> Self {
        Self::new(
            StorageErrorKind::Ended,
            "the upload was cancelled or has expired; start another one",
        )
    }

    /// Another writer has the upload.
    pub(super) fn busy() -> Self {
        Self::new(
            StorageErrorKind::Busy,
            "another request is writing to this upload; wait for it to end",
        )
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(formatter, "{}: {source}", self.context),
            None => formatter.write_str(&self.context),
        }
    }
}

impl StdError for StorageError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<io::Error> for StorageError {
    fn from(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded | io::ErrorKind::StorageFull => {
                StorageErrorKind::Full
            }
            _ => StorageErrorKind::Other,
        };
        Self::new(kind, "file system").with_source(error)
    }
}

impl From<Interrupted> for StorageError {
    fn from(error: Interrupted) -> Self {
        Self::new(StorageErrorKind::Other, "storage work").with_source(error)
    }
}

/// The kinds of [`StorageError`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StorageErrorKind {
    /// The upload has another writer. Answered with 409.
    Busy,
    /// The upload was ended from elsewhere while it was being written. Answered with 404.
    Ended,
    /// There is no room for more. Answered with 507.
    Full,
    /// Anything else: permissions, a broken disk, a service that does not answer. Answered with 500.
    Other,
    /// The [`Precondition`](super::Precondition) of a change does not hold. Answered with 412.
    PreconditionFailed,
}
