//! The one error type: what was attempted, where, what came back and what to do next.

#[cfg_attr(
    not(feature = "client"),
    expect(dead_code, reason = "mirrors are the drivers' business")
)]
mod mirrors;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use oci_spec_types::distribution::{ErrorCode, RegistryError};
use oci_spec_types::{Mismatch, UnsupportedAlgorithm};
use url::Url;

use crate::proto::{TransportError, TransportErrorKind};
use crate::redact::shown_url;

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

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("operation", &self.0.operation)
            .field("url", &self.0.url)
            .field("status", &self.0.status)
            .field("text", &self.to_string())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            operation,
            url,
            status,
            registry,
            message,
            source,
            attempts,
            mirrors,
            ..
        } = &*self.0;
        if let Some(operation) = operation {
            write!(formatter, "{operation}: ")?;
        }
        // What a transport says needs no introduction.
        let introduced = status.is_some() || !message.is_empty() || self.transport().is_none();
        match status {
            Some(status) => write!(formatter, "{status}")?,
            None if !message.is_empty() => formatter.write_str(message)?,
            None if introduced => formatter.write_str(self.0.kind.summary())?,
            None => {}
        }
        for error in registry.iter().take(ERRORS_SHOWN) {
            write!(formatter, ": {error}")?;
        }
        if registry.len() > ERRORS_SHOWN {
            write!(
                formatter,
                " and {} more errors",
                registry.len().saturating_sub(ERRORS_SHOWN)
            )?;
        }
        if status.is_some() {
            write!(
                formatter,
                " ({})",
                if message.is_empty() {
                    self.0.kind.advice()
                } else {
                    message
                }
            )?;
        }
        if let Some(source) = source {
            write!(formatter, "{}{source}", if introduced { ": " } else { "" })?;
        }
        if let Some(url) = url {
            write!(formatter, " [{url}]")?;
        }
        write_attempts(formatter, attempts)?;
        mirrors
            .iter()
            .try_for_each(|mirror| write!(formatter, "; before that, {mirror}"))
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

/// The kinds of [`Error`], for programs that decide by them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something else is there by now, or must not be replaced (409, 412, 423).
    Conflict,
    /// The credentials are known and do not suffice (403, `DENIED`).
    Denied,
    /// A local document or argument breaks a rule; the message says which.
    Invalid,
    /// Content does not match its digest or size; see [`Error::mismatch`].
    Mismatch,
    /// The library was driven wrongly: a defect in the program.
    Misuse,
    /// The repository, manifest, blob or upload session is not there (404).
    NotFound,
    /// The server's answer breaks the protocol.
    Protocol,
    /// Too many requests (429), and the wait asked for is longer than allowed.
    RateLimited,
    /// Refused for another reason (any other status from 400 to 499).
    Refused,
    /// The server failed (status from 500).
    Server,
    /// Local storage failed: files, or a store of your own.
    Store,
    /// Nothing moved for longer than the time allowed.
    Timeout,
    /// Something is larger than the named limit for it.
    TooLarge,
    /// No exchange came about; see [`Error::transport`].
    Transport,
    /// The registry wants credentials, or refused the ones it got (401).
    Unauthorized,
    /// A server named a URL that must not be used: credentials or content would go where they do not belong.
    UnsafeUrl,
    /// The registry or this library does not do that.
    Unsupported,
}

impl ErrorKind {
    const fn summary(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::Invalid => "invalid",
            Self::Mismatch => "the content is not what its descriptor says",
            Self::Misuse => "the library was driven wrongly",
            Self::NotFound => "not found",
            Self::Protocol => "the server's answer breaks the protocol",
            Self::RateLimited => "too many requests",
            Self::Refused => "refused",
            Self::Server => "the server failed",
            Self::Store => "local storage failed",
            Self::Timeout => "timed out",
            Self::TooLarge => "too large",
            Self::Transport => "no answer",
            Self::Unauthorized => "not authorized",
            Self::UnsafeUrl => "unsafe URL",
            Self::Unsupported => "not supported",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Conflict => "what is there now does not allow it; look what that is",
            Self::Denied => "these credentials do not allow it",
            Self::NotFound => "check host, repository and tag or digest",
            Self::RateLimited => "wait, or log in for a higher limit",
            Self::Server => "the registry failed; try again later",
            Self::TooLarge => "the registry does not take anything this large",
            Self::Unauthorized => "give credentials that this registry accepts",
            Self::Unsupported => "this registry does not offer it",
            _ => "the registry refused the request",
        }
    }
}

/// One failed try, kept in the [`Error`] of the last one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    pause: Duration,
    reached: bool,
    text: String,
}

impl Attempt {
    pub(crate) fn new(error: &Error, pause: Duration) -> Self {
        let text = match (&error.0.status, error.transport()) {
            (Some(status), _) => status.to_string(),
            (None, Some(transport)) => transport.to_string(),
            (None, None) => error.0.kind.summary().to_owned(),
        };
        let reached = error.transport().is_none_or(TransportError::may_have_reached_server);
        Self { pause, reached, text }
    }

    /// Whether any of its request can have reached the server, which may have done then what it was asked to do.
    pub const fn may_have_reached_server(&self) -> bool {
        self.reached
    }

    /// The pause after this attempt.
    pub const fn pause(&self) -> Duration {
        self.pause
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
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

fn kind_of(status: StatusCode, registry: &[RegistryError]) -> ErrorKind {
    let named = |code: &ErrorCode| registry.iter().any(|error| error.code() == code);
    match status.as_u16() {
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Denied,
        404 => ErrorKind::NotFound,
        405 | 501 => ErrorKind::Unsupported,
        408 => ErrorKind::Timeout,
        413 => ErrorKind::TooLarge,
        429 => ErrorKind::RateLimited,
        400 if named(&ErrorCode::UNSUPPORTED) => ErrorKind::Unsupported,
        400..=499 if named(&ErrorCode::TOO_MANY_REQUESTS) => ErrorKind::RateLimited,
        409 | 412 | 423 => ErrorKind::Conflict,
        400..=499 => ErrorKind::Refused,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Protocol,
    }
}

/// The texts of the attempts, runs of equal ones counted.
fn write_attempts(formatter: &mut fmt::Formatter<'_>, attempts: &[Attempt]) -> fmt::Result {
    let mut separator = "; failed before:";
    for run in attempts.chunk_by(|one, other| one.text == other.text) {
        if let Some(first) = run.first() {
            write!(formatter, "{separator} {first}")?;
        }
        if run.len() > 1 {
            write!(formatter, " ({} times)", run.len())?;
        }
        separator = ",";
    }
    Ok(())
}

/// How many of the errors that a registry lists are shown.
const ERRORS_SHOWN: usize = 4;
