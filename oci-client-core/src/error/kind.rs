use http::StatusCode;
use oci_spec_types::distribution::{ErrorCode, RegistryError};

/// The kinds of [`Error`](super::Error), for programs that decide by them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something else is there by now, or must not be replaced (409, 412, 423).
    Conflict,
    /// The credentials are known and do not suffice (403, `DENIED`).
    Denied,
    /// A local document or argument breaks a rule; the message says which.
    Invalid,
    /// Content does not match its digest or size; see [`Error::mismatch`](super::Error::mismatch).
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
    /// No exchange came about; see [`Error::transport`](super::Error::transport).
    Transport,
    /// The registry wants credentials, or refused the ones it got (401).
    Unauthorized,
    /// A server named a URL that must not be used: credentials or content would go where they do not belong.
    UnsafeUrl,
    /// The registry or this library does not do that.
    Unsupported,
}

impl ErrorKind {
    pub(super) const fn summary(self) -> &'static str {
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

    pub(super) const fn advice(self) -> &'static str {
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

/// What a refusal means.
pub(super) fn kind_of(status: StatusCode, registry: &[RegistryError]) -> ErrorKind {
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
