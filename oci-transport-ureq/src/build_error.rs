use std::error::Error as StdError;
use std::fmt;

use crate::transport_error::causes;

/// A transport that could not be set up: a setting is wrong.
///
/// It names the setting, and never shows a password, a key or a URL.
#[derive(Debug)]
pub struct BuildError {
    what: &'static str,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl BuildError {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { what, source: None }
    }

    pub(crate) fn caused_by(what: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            what,
            source: Some(source.into()),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.what)?;
        match self.source().and_then(|source| causes(source).last()) {
            Some(cause) => write!(formatter, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl StdError for BuildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
