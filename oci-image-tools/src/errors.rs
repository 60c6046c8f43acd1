//! Errors of this crate, made of those of the client.

use std::fmt::Display;
use std::io;
use std::path::Path;

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::Sanitized;

pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

pub(crate) fn too_large(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::TooLarge, message)
}

pub(crate) fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

/// What cannot be done to a file or folder.
pub(crate) fn at_path(doing: impl Display, path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Store, format!("cannot {doing} {}", path.display())).with_source(error)
}

/// What went wrong where content flows through readers and writers: an error of this library as it is, any other with what was being done.
pub(crate) fn failed(error: io::Error, doing: &str) -> Error {
    carried(error, ErrorKind::Store, || doing.to_owned())
}

/// Text from elsewhere, in one short line.
pub(crate) const fn shown(text: &str) -> Sanitized<'_> {
    Sanitized::new(text).with_max_len(200)
}

/// What is wrong with content, before it is known where.
#[derive(Debug)]
pub(crate) enum Fault {
    Invalid(&'static str),
    Io(io::Error),
    TooLarge(&'static str),
    Unsupported(String),
}

impl Fault {
    /// The error that says so. A failure of what the content is read from stays what it is.
    pub(crate) fn into_error(self, context: impl FnOnce() -> String) -> Error {
        match self {
            Self::Invalid(what) => invalid(format!("{}: {what}", context())),
            Self::Io(error) => carried(error, ErrorKind::Invalid, context),
            Self::TooLarge(what) => too_large(format!("{}: {what}", context())),
            Self::Unsupported(what) => unsupported(format!("{}: {what}", context())),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<&'static str> for Fault {
    fn from(what: &'static str) -> Self {
        Self::Invalid(what)
    }
}

/// The error of this library that an I/O error carries, or else one that says what the I/O error came in the way of.
fn carried(error: io::Error, kind: ErrorKind, context: impl FnOnce() -> String) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(kind, context()).with_source(error),
    }
}
