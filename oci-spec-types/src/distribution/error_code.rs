//! The codes of errors that registries send.

use crate::open_set::open_set;

open_set! {
    /// The code of an error that a registry sends. Any other than those of the spec is carried as it is.
    ///
    /// ```
    /// use oci_spec_types::distribution::ErrorCode;
    ///
    /// assert_eq!(ErrorCode::from("TOOMANYREQUESTS"), ErrorCode::TOO_MANY_REQUESTS);
    /// assert_eq!(ErrorCode::from("VENDOR_CODE").as_str(), "VENDOR_CODE");
    /// ```
    ///
    /// Spec: [distribution-spec, Error Codes].
    ///
    /// [distribution-spec, Error Codes]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
    ErrorCode {
        /// The blob is unknown to the registry.
        BLOB_UNKNOWN = "BLOB_UNKNOWN";
        /// The upload of a blob is invalid.
        BLOB_UPLOAD_INVALID = "BLOB_UPLOAD_INVALID";
        /// The upload of a blob is unknown to the registry.
        BLOB_UPLOAD_UNKNOWN = "BLOB_UPLOAD_UNKNOWN";
        /// Access to the resource is denied.
        DENIED = "DENIED";
        /// The digest does not match the content.
        DIGEST_INVALID = "DIGEST_INVALID";
        /// A manifest references a manifest or blob that is unknown to the registry.
        MANIFEST_BLOB_UNKNOWN = "MANIFEST_BLOB_UNKNOWN";
        /// The manifest is invalid.
        MANIFEST_INVALID = "MANIFEST_INVALID";
        /// The manifest is unknown to the registry.
        MANIFEST_UNKNOWN = "MANIFEST_UNKNOWN";
        /// The name of the repository is invalid.
        NAME_INVALID = "NAME_INVALID";
        /// The repository is unknown to the registry.
        NAME_UNKNOWN = "NAME_UNKNOWN";
        /// The length does not match the content.
        SIZE_INVALID = "SIZE_INVALID";
        /// Too many requests.
        TOO_MANY_REQUESTS = "TOOMANYREQUESTS";
        /// Authentication is required.
        UNAUTHORIZED = "UNAUTHORIZED";
        /// What stands for an error without a code. Not of the spec.
        UNKNOWN = "UNKNOWN";
        /// The operation is not supported.
        UNSUPPORTED = "UNSUPPORTED";
    }
}
