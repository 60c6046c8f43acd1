use std::io;

use oci_client_core::{Error, ErrorKind};

/// What is wrong, before it is known where.
#[derive(Debug)]
pub(crate) enum Fault {
    Invalid(&'static str),
    Io(io::Error),
    TooLarge(&'static str),
    Unsupported(String),
}

impl Fault {
    /// The error that says so. A failure of what the archive is read from stays what it is.
    pub(crate) fn into_error(self, context: impl FnOnce() -> String) -> Error {
        match self {
            Self::Invalid(what) => Error::new(ErrorKind::Invalid, format!("{}: {what}", context())),
            Self::Io(error) => match error.downcast::<Error>() {
                Ok(error) => error,
                Err(error) => Error::new(ErrorKind::Invalid, context()).with_source(error),
            },
            Self::TooLarge(what) => Error::new(ErrorKind::TooLarge, format!("{}: {what}", context())),
            Self::Unsupported(what) => Error::new(ErrorKind::Unsupported, format!("{}: {what}", context())),
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
