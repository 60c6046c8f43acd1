//! What keeps an entry from being made.

use oci_client_core::{Error, ErrorKind};
use rustix::io::Errno;

/// What kept an entry from being made.
pub(super) enum Trouble {
    Error(Error),
    System(Errno),
}

impl Trouble {
    pub(super) fn into_error(self, what: &str) -> Error {
        match self {
            Self::Error(error) => error,
            Self::System(error) => failed(what, error),
        }
    }
}

impl From<Errno> for Trouble {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

pub(super) fn failed(what: &str, error: Errno) -> Error {
    unwritten_as(what, error.into())
}

pub(super) fn unwritten(error: std::io::Error) -> Error {
    unwritten_as("it cannot be written", error)
}

fn unwritten_as(what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Store, what).with_source(error)
}

pub(super) const ATTRIBUTES: &str = "its attributes cannot be set";
