use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use oci_spec_types::Sanitized;

use crate::{Error, ErrorKind};

/// A configuration file that cannot be used: which, where in it, and why.
#[derive(Debug)]
pub struct HostFileError {
    cause: Option<io::Error>,
    kind: HostFileErrorKind,
    line: Option<usize>,
    message: String,
    path: PathBuf,
}

impl HostFileError {
    pub(super) fn io(path: &Path, cause: io::Error) -> Self {
        let kind = match cause.kind() {
            io::ErrorKind::NotFound => HostFileErrorKind::Missing,
            _ => HostFileErrorKind::Unreadable,
        };
        Self {
            cause: Some(cause),
            kind,
            line: None,
            message: String::new(),
            path: path.to_owned(),
        }
    }

    pub(super) fn new(kind: HostFileErrorKind, path: &Path, line: Option<usize>, message: impl Into<String>) -> Self {
        Self {
            cause: None,
            kind,
            line,
            message: message.into(),
            path: path.to_owned(),
        }
    }

    /// What kind of failure it is.
    pub const fn kind(&self) -> HostFileErrorKind {
        self.kind
    }

    /// The line of the file, counted from 1, where the failure has one.
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// The file or directory.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for HostFileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display().to_string();
        write!(formatter, "{}", Sanitized::new(&path))?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        match &self.cause {
            Some(cause) => write!(formatter, ": {cause}"),
            None => write!(formatter, ": {}", Sanitized::new(&self.message)),
        }
    }
}

impl std::error::Error for HostFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

impl From<HostFileError> for Error {
    fn from(error: HostFileError) -> Self {
        let kind = match error.kind {
            HostFileErrorKind::Malformed => ErrorKind::Invalid,
            HostFileErrorKind::TooLarge => ErrorKind::TooLarge,
            HostFileErrorKind::Missing | HostFileErrorKind::Unreadable => ErrorKind::Store,
        };
        Self::new(kind, "the configuration of registries cannot be used").with_source(error)
    }
}

/// The kinds of [`HostFileError`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HostFileErrorKind {
    /// It says what it must not say, or not in the right form.
    Malformed,
    /// It is not there.
    Missing,
    /// It is larger than what is read, or there are too many of them.
    TooLarge,
    /// It is there and cannot be read.
    Unreadable,
}
