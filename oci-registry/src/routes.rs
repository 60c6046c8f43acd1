//! From a path to what it names.

use std::fmt;

use http::{Method, StatusCode};
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{Digest, RepositoryName, Tag, TagOrDigest};

use crate::error::ApiError;
use crate::query::decode;
use crate::storage::UploadId;

/// What a request is about.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Route {
    /// `/v2/`
    Base,
    /// `/v2/<name>/blobs/<digest>`
    Blob(RepositoryName, Digest),
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/<name>/manifests/<tag-or-digest>`
    Manifest(RepositoryName, TagOrDigest),
    /// `/v2/<name>/referrers/<digest>`
    Referrers(RepositoryName, Digest),
    /// `/v2/<name>/tags/list`
    Tags(RepositoryName),
    /// `/v2/<name>/blobs/uploads/<id>`
    Upload(RepositoryName, UploadId),
    /// `/v2/<name>/blobs/uploads/`
    Uploads(RepositoryName),
}

impl Route {
    /// Finds what `path` names for `method`.
    ///
    /// The path is split before it is decoded, and nothing is normalised: a segment that holds `/`, `..` or anything
    /// else outside the grammar once decoded is refused, not redirected.
    pub(crate) fn parse(method: &Method, path: &str) -> Result<Self, ApiError> {
        let segments: Vec<String> = path
            .split('/')
            .map(decode)
            .collect::<Option<_>>()
            .ok_or_else(unknown_path)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["", "v2"] | ["", "v2", ""] => Ok(Self::Base),
            ["", "v2", "_catalog"] => Ok(Self::Catalog),
            ["", "v2", name @ .., "blobs", "uploads"] | ["", "v2", name @ .., "blobs", "uploads", ""] => {
                Ok(Self::Uploads(repository(name)?))
            }
            ["", "v2", name @ .., "blobs", "uploads", id] => {
                let repository = repository(name)?;
                Ok(Self::Upload(
                    repository,
                    id.parse().map_err(|_| ApiError::upload_unknown())?,
                ))
            }
            ["", "v2", name @ .., "blobs", text] => Ok(Self::Blob(repository(name)?, digest(text)?)),
            ["", "v2", name @ .., "manifests", text] => Ok(Self::Manifest(repository(name)?, reference(method, text)?)),
            ["", "v2", name @ .., "referrers", text] => Ok(Self::Referrers(repository(name)?, digest(text)?)),
            ["", "v2", name @ .., "tags", "list"] => Ok(Self::Tags(repository(name)?)),
            _ => Err(unknown_path()),
        }
    }

    /// The repository that it is about.
    #[cfg(feature = "upstream")]
    pub(crate) const fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::Base | Self::Catalog => None,
            Self::Blob(repository, _)
            | Self::Manifest(repository, _)
            | Self::Referrers(repository, _)
            | Self::Tags(repository)
            | Self::Upload(repository, _)
            | Self::Uploads(repository) => Some(repository),
        }
    }

    /// The methods that the path answers, for `Allow`.
    pub(crate) const fn methods(&self) -> &'static str {
        match self {
            Self::Base | Self::Catalog | Self::Referrers(..) | Self::Tags(_) => "GET, HEAD",
            Self::Blob(..) => "DELETE, GET, HEAD",
            Self::Manifest(..) => "DELETE, GET, HEAD, PUT",
            Self::Upload(..) => "DELETE, GET, HEAD, PATCH, PUT",
            Self::Uploads(_) => "POST",
        }
    }

    /// Those of the methods that change nothing.
    pub(crate) const fn safe_methods(&self) -> &'static str {
        match self {
            Self::Uploads(_) => "",
            _ => "GET, HEAD",
        }
    }
}

/// The path, for logs: without the id of an upload, since whoever knows it may write to the upload.
impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base => formatter.write_str("/v2/"),
            Self::Blob(repository, digest) => formatter.write_str(&blob_path(repository, digest)),
            Self::Catalog => formatter.write_str("/v2/_catalog"),
            Self::Manifest(repository, reference) => write!(formatter, "/v2/{repository}/manifests/{reference}"),
            Self::Referrers(repository, subject) => write!(formatter, "/v2/{repository}/referrers/{subject}"),
            Self::Tags(repository) => write!(formatter, "/v2/{repository}/tags/list"),
            Self::Upload(repository, _) => write!(formatter, "/v2/{repository}/blobs/uploads/<id>"),
            Self::Uploads(repository) => write!(formatter, "/v2/{repository}/blobs/uploads/"),
        }
    }
}

/// The path of an upload session.
pub(crate) fn upload_path(repository: &RepositoryName, id: &UploadId) -> String {
    format!("/v2/{repository}/blobs/uploads/{id}")
}

/// The path of a blob.
pub(crate) fn blob_path(repository: &RepositoryName, digest: &Digest) -> String {
    format!("/v2/{repository}/blobs/{digest}")
}

/// The path of a manifest.
pub(crate) fn manifest_path(repository: &RepositoryName, digest: &Digest) -> String {
    format!("/v2/{repository}/manifests/{digest}")
}

fn unknown_path() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        ErrorCode::UNSUPPORTED,
        "no part of the registry's API has this path",
    )
}

fn repository(segments: &[&str]) -> Result<RepositoryName, ApiError> {
    let invalid = |message: String| ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::NAME_INVALID, message);
    if segments.iter().any(|segment| segment.contains('/')) {
        return Err(invalid(
            "a `/` in a repository name must not be percent-encoded".to_owned(),
        ));
    }
    segments.join("/").parse().map_err(|error| invalid(format!("{error}")))
}

fn digest(text: &str) -> Result<Digest, ApiError> {
    text.parse()
        .map_err(|error| ApiError::digest_invalid(format!("{error}")))
}

/// A text that cannot be a tag names nothing when it is read, and is a mistake when it is written.
fn reference(method: &Method, text: &str) -> Result<TagOrDigest, ApiError> {
    if text.contains(':') {
        return digest(text).map(TagOrDigest::Digest);
    }
    match text.parse::<Tag>() {
        Ok(tag) => Ok(TagOrDigest::Tag(tag)),
        Err(error) if method == Method::PUT => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::MANIFEST_INVALID,
            format!("{error}"),
        )),
        Err(error) => Err(ApiError::new(
            StatusCode::NOT_FOUND,
            ErrorCode::MANIFEST_UNKNOWN,
            format!("{error}"),
        )),
    }
}

#[cfg(test)]
mod tests;
