//! Why the upstream did not help, as clients of this registry see it.

use http::{StatusCode, header};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::RegistryHost;
use oci_spec_types::distribution::ErrorCode;

use crate::error::ApiError;
use crate::storage::StorageError;

/// Why something could not be had.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    error: ApiError,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FailureKind {
    /// The upstream does not have it.
    Absent,
    /// It could not be asked, or not be understood; or it failed here.
    Broken,
    /// The upstream does not let this registry have it.
    Refused,
}

impl Failure {
    /// The upstream has nothing of the sort.
    pub(super) const fn absent(error: ApiError) -> Self {
        let kind = FailureKind::Absent;
        Self { kind, error }
    }

    /// What the client says of the upstream; if it has no such thing, `absent`.
    ///
    /// Details are for the log: they name hosts and paths that are not the asker's business.
    pub(super) fn of(host: &RegistryHost, error: &Error, absent: ApiError) -> Self {
        if error.kind() == ErrorKind::NotFound {
            return Self::absent(absent);
        }
        tracing::warn!(%host, error = error as &dyn std::error::Error, "the upstream did not help");
        let refusal =
            |status, code, what: &str| ApiError::new(status, code, format!("the upstream registry {host} {what}"));
        match error.kind() {
            ErrorKind::Denied | ErrorKind::Unauthorized => Self {
                kind: FailureKind::Refused,
                error: refusal(
                    StatusCode::FORBIDDEN,
                    ErrorCode::DENIED,
                    "does not let this registry have it",
                ),
            },
            ErrorKind::RateLimited => {
                let seconds = error.retry_after().map_or(1, |pause| pause.as_secs().max(1));
                let error = refusal(
                    StatusCode::TOO_MANY_REQUESTS,
                    ErrorCode::TOO_MANY_REQUESTS,
                    "has too many requests; try again later",
                );
                Self::broken(error.with_header(header::RETRY_AFTER, seconds))
            }
            ErrorKind::Mismatch => Self::broken(refusal(
                StatusCode::BAD_GATEWAY,
                ErrorCode::UNKNOWN,
                "has sent other content than was asked for",
            )),
            ErrorKind::Timeout => Self::broken(refusal(
                StatusCode::GATEWAY_TIMEOUT,
                ErrorCode::UNKNOWN,
                "did not answer in time",
            )),
            _ => Self::broken(refusal(
                StatusCode::BAD_GATEWAY,
                ErrorCode::UNKNOWN,
                "could not be asked; the log says why",
            )),
        }
    }

    /// The task that was to get it has ended without a result.
    pub(super) fn interrupted() -> Self {
        Self::broken(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::UNKNOWN,
            "the request to the upstream was interrupted; try again",
        ))
    }

    pub(super) const fn broken(error: ApiError) -> Self {
        let kind = FailureKind::Broken;
        Self { kind, error }
    }
}

/// Of this registry's own doing.
impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::broken(error)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::broken(error.into())
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}
