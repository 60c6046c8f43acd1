//! The one error type: what was attempted, where, what came back and what to do next.

mod attempt;
mod display;
mod kind;
#[cfg_attr(
    not(feature = "client"),
    expect(dead_code, reason = "mirrors are the drivers' business")
)]
mod mirrors;

use std::error::Error as StdError;
use std::time::Duration;

use http::StatusCode;
use oci_spec_types::distribution::{ErrorCode, RegistryError};
use oci_spec_types::{Mismatch, UnsupportedAlgorithm};
use url::Url;

use self::kind::kind_of;
use crate::proto::{TransportError, TransportErrorKind};
use crate::redact::shown_url;

pub use self::attempt::Attempt;
pub use self::kind::ErrorKind;
pub use self::mirrors::EndpointFailure;

/// Why an operation failed.
///
/// The text names the operation, the URL (without credentials and query values), the status and the registry's own
/// errors, every failed attempt, and what to do next where that is known.
pub struct Error(Box<Inner>);

impl Error {
    /// An error of `kind` that `message` explains.
    ///
    /// For stores, credential sources and transports of your own; `message` should say what to do next.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            attempts: Vec::new(),
            kind,
            message: message.into(),
            mirrors: Vec::new(),
            operation: None,
            registry: Vec::new(),
            retry_after: None,
            source: None,
            status: None,
            url: None,
        }))
    }

    /// Adds the cause, which [`source`](StdError::source) then returns.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, such as `pull blob`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation
    }

    /// The URL of the failed request, without user information and with the values of its query left out.
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// The status of the response, where there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The errors that the registry listed in its answer; empty if it sent none that could be read.
    pub fn registry_errors(&self) -> &[RegistryError] {
        &self.0.registry
    }

    /// Whether the registry named `code` in its answer.
    pub fn has_code(&self, code: &ErrorCode) -> bool {
        self.0.registry.iter().any(|error| error.code() == code)
    }

    /// The failed attempts before the one that this error describes, oldest first.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// How long the server asked to wait before another try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same operation may well succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::RateLimited | ErrorKind::Server | ErrorKind::Timeout
        ) || self.transport().is_some_and(TransportError::is_retryable)
    }

    /// The difference between the content and what its digest and size say, where that is the failure.
    pub fn mismatch(&self) -> Option<&Mismatch> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// The transport's error, where that is the failure.
    pub fn transport(&self) -> Option<&TransportError> {
        self.0.source.as_deref()?.downcast_ref()
    }

    pub(crate) fn misuse(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Misuse, message)
    }

    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, message)
    }

    /// A refusal: a status from 400, or another that makes no sense here.
    pub(crate) fn refusal(status: StatusCode, url: &Url, registry: Vec<RegistryError>) -> Self {
        let kind = kind_of(status, &registry);
        let mut error = Self::new(kind, String::new()).at(url);
        error.0.status = Some(status);
        error.0.registry = registry;
        error
    }

    #[must_use]
    pub(crate) fn at(mut self, url: &Url) -> Self {
        self.0.url.get_or_insert_with(|| shown_url(url));
        self
    }

    #[must_use]
    pub(crate) fn during(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    #[must_use]
    pub(crate) fn after(mut self, attempts: Vec<Attempt>) -> Self {
        if self.0.attempts.is_empty() {
            self.0.attempts = attempts;
        }
        self
    }

    #[must_use]
    pub(crate) fn explained(mut self, message: impl Into<String>) -> Self {
        if self.0.message.is_empty() {
            self.0.message = message.into();
        }
        self
    }

    #[must_use]
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    #[must_use]
    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<Mismatch> for Error {
    fn from(mismatch: Mismatch) -> Self {
        Self::new(ErrorKind::Mismatch, "the content is not what its descriptor says").with_source(mismatch)
    }
}

impl From<UnsupportedAlgorithm> for Error {
    fn from(error: UnsupportedAlgorithm) -> Self {
        Self::new(ErrorKind::Unsupported, "the content could not be verified").with_source(error)
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let kind = match error.kind() {
            TransportErrorKind::Source => ErrorKind::Store,
            TransportErrorKind::Timeout => ErrorKind::Timeout,
            TransportErrorKind::TooLarge => ErrorKind::TooLarge,
            _ => ErrorKind::Transport,
        };
        Self::new(kind, String::new()).with_source(error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Store, String::new()).with_source(error)
    }
}

struct Inner {
    attempts: Vec<Attempt>,
    kind: ErrorKind,
    message: String,
    mirrors: Vec<EndpointFailure>,
    operation: Option<&'static str>,
    registry: Vec<RegistryError>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    status: Option<StatusCode>,
    url: Option<String>,
}
