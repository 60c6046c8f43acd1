use std::fmt;

use super::Error;

impl Error {
    /// What the endpoints said that were asked before the one that this error comes from, oldest first; empty unless the registry has mirrors.
    pub fn mirrors(&self) -> &[EndpointFailure] {
        &self.0.mirrors
    }

    #[must_use]
    pub(crate) fn with_mirrors(mut self, failures: Vec<EndpointFailure>) -> Self {
        if self.0.mirrors.is_empty() {
            self.0.mirrors = failures;
        }
        self
    }
}

/// How one of a registry's endpoints failed.
#[derive(Debug)]
pub struct EndpointFailure {
    error: Error,
    host: String,
}

impl EndpointFailure {
    pub(crate) const fn new(host: String, error: Error) -> Self {
        Self { error, host }
    }

    /// What it failed with.
    pub const fn error(&self) -> &Error {
        &self.error
    }

    /// The endpoint's host.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn into_error(self) -> Error {
        self.error
    }
}

impl fmt::Display for EndpointFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.host, self.error)
    }
}
