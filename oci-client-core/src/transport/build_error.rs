use std::error::Error as StdError;
use std::fmt;

use crate::proto::root_cause;
use crate::{Error, ErrorKind};

/// A transport that could not be set up: a setting is wrong, or cannot be honoured.
///
/// It names the setting, and never shows a password, a key or a URL: whoever makes one sees to that.
///
/// ```
/// use oci_client_core::transport::BuildError;
/// use oci_client_core::{Error, ErrorKind};
///
/// let port = "http".parse::<u16>().unwrap_err();
/// let error = BuildError::caused_by("the proxy's port cannot be read", port);
/// assert_eq!(error.to_string(), "the proxy's port cannot be read: invalid digit found in string");
/// // As a transport factory passes it on.
/// assert_eq!(Error::from(error).kind(), ErrorKind::Invalid);
/// ```
#[derive(Debug)]
pub struct BuildError {
    what: &'static str,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl BuildError {
    /// An error that says `what` is wrong, and best also what to do next.
    pub const fn new(what: &'static str) -> Self {
        Self { what, source: None }
    }

    /// The same with its cause, whose text is shown too.
    pub fn caused_by(what: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            what,
            source: Some(source.into()),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.what)?;
        match self.source() {
            Some(source) => write!(formatter, ": {}", root_cause(source)),
            None => Ok(()),
        }
    }
}

impl StdError for BuildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::new(ErrorKind::Invalid, "the transport to the host cannot be set up").with_source(error)
    }
}
