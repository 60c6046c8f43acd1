//! Errors of this crate, made of those of the client.

use std::fmt::Display;
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
pub(crate) fn at_path(doing: impl Display, path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Store, format!("cannot {doing} {}", path.display())).with_source(error)
}

/// Text from elsewhere, in one short line.
pub(crate) const fn shown(text: &str) -> Sanitized<'_> {
    Sanitized::new(text).with_max_len(200)
}
