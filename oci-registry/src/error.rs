//! Refusals, in the form that the spec gives them.

use std::fmt::Display;

use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use oci_client_core::transport::{Body, TransportError};
use oci_spec_types::distribution::{ErrorCode, ErrorList, RegistryError};
use oci_spec_types::{Digest, RepositoryName};

use crate::response::{self, ascii};
use crate::storage::{StorageError, StorageErrorKind};

/// A refusal: status, code and message as the client sees them.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: ErrorCode,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            headers: Vec::new(),
        }
    }

    /// A request that is malformed in a way that has no code of its own.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::UNSUPPORTED, message)
    }

    pub(crate) fn blob_unknown(digest: &Digest) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            ErrorCode::BLOB_UNKNOWN,
            format!("the repository has no blob {digest}"),
        )
    }

    pub(crate) fn digest_invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::DIGEST_INVALID, message)
    }

    pub(crate) fn manifest_invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::MANIFEST_INVALID, message)
    }

    pub(crate) fn manifest_unknown(reference: &dyn Display) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            ErrorCode::MANIFEST_UNKNOWN,
            format!("the repository has no manifest {reference}"),
        )
    }

    /// The path does not answer this method; the methods that it answers are added where they are known.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::UNSUPPORTED,
            "the path does not answer this method",
        )
    }

    pub(crate) fn name_unknown(repository: &RepositoryName) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            ErrorCode::NAME_UNKNOWN,
            format!("there is no repository {repository}"),
        )
    }

    /// The request would change something in a registry that is read-only.
    pub(crate) fn read_only() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::UNSUPPORTED,
            "this registry is read-only",
        )
    }

    /// Stored content that could not be read back.
    pub(crate) fn storage_unreadable(error: &TransportError) -> Self {
        StorageError::new(StorageErrorKind::Other, error.to_string()).into()
    }

    pub(crate) fn upload_invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BLOB_UPLOAD_INVALID, message)
    }

    pub(crate) fn upload_unknown() -> Self {
        let message = "there is no such upload in this repository; it may have been finished or cancelled";
        Self::new(StatusCode::NOT_FOUND, ErrorCode::BLOB_UPLOAD_UNKNOWN, message)
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Display) -> Self {
        self.headers.push((name, ascii(value)));
        self
    }

    /// Adds `Allow` to a refusal of the method.
    pub(crate) fn with_allowed_methods(self, methods: &'static str) -> Self {
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            self.with_header(header::ALLOW, methods)
        } else {
            self
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let errors = ErrorList::new(vec![RegistryError::new(self.code, self.message)]);
        let mut response = response::json(self.status, "application/json", &errors);
        response
            .headers_mut()
            .extend(self.headers.into_iter().map(|(name, value)| (Some(name), value)));
        response
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match error.kind() {
            StorageErrorKind::Busy => {
                Self::new(StatusCode::CONFLICT, ErrorCode::BLOB_UPLOAD_INVALID, error.to_string())
            }
            StorageErrorKind::Ended => Self::upload_unknown(),
            StorageErrorKind::Full => {
                tracing::error!(error = &error as &dyn std::error::Error, "the storage is full");
                Self::new(
                    StatusCode::INSUFFICIENT_STORAGE,
                    ErrorCode::UNKNOWN,
                    "the registry's storage is full",
                )
            }
            StorageErrorKind::Other => {
                tracing::error!(error = &error as &dyn std::error::Error, "the storage failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    ErrorCode::UNKNOWN,
                    "the registry's storage failed; see its log",
                )
            }
            StorageErrorKind::PreconditionFailed => Self::new(
                StatusCode::PRECONDITION_FAILED,
                ErrorCode::from("PRECONDITION_FAILED"),
                error.to_string(),
            ),
        }
    }
}
