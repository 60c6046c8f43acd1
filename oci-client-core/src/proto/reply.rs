//! What several operations read from a response.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName};
use http::response;
use oci_spec_types::distribution::{ErrorList, RegistryError};
use oci_spec_types::{Digest, Mismatch};
use url::Url;

use crate::Error;

/// `Docker-Content-Digest`: what the registry says that the content's digest is.
///
/// # Errors
/// If it is there and no digest.
pub(crate) fn content_digest(headers: &HeaderMap) -> Result<Option<Digest>, Error> {
    let Some(value) = headers.get(DOCKER_CONTENT_DIGEST) else {
        return Ok(None);
    };
    let digest = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    digest
        .map(Some)
        .ok_or_else(|| Error::protocol("the Docker-Content-Digest header is no digest"))
}

/// Compares what the registry says that it stored with what it was given. Another algorithm cannot be compared.
pub(crate) fn check_stored(headers: &HeaderMap, expected: &Digest) -> Result<(), Error> {
    match content_digest(headers)? {
        Some(found) if found.algorithm() == expected.algorithm() && found != *expected => Err(Mismatch::Digest {
            expected: Box::new(expected.clone()),
            found: Box::new(found),
        }
        .into()),
        _ => Ok(()),
    }
}

/// `Content-Length`, where it is one number.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Content that is named by its digest comes as it is: a coded body would have another digest and an unknown size.
///
/// `aws-chunked` is a trace of how the content once went into a store and says nothing of this body.
pub(crate) fn check_uncoded(headers: &HeaderMap) -> Result<(), Error> {
    for value in headers.get_all(CONTENT_ENCODING) {
        let codings = value.to_str().unwrap_or("unreadable").split(',').map(str::trim);
        for coding in codings {
            if !["", "identity", "aws-chunked"]
                .iter()
                .any(|plain| coding.eq_ignore_ascii_case(plain))
            {
                let shown: String = coding
                    .chars()
                    .take(40)
                    .filter(|character| !character.is_control())
                    .collect();
                return Err(Error::protocol(format!(
                    "the registry sent the content as `{shown}` although only identity was asked for"
                )));
            }
        }
    }
    Ok(())
}

/// The errors that a registry lists in the body of a refusal; none where the body is something else.
pub(crate) fn registry_errors(body: &[u8]) -> Vec<RegistryError> {
    ErrorList::parse(body)
        .map(|list| list.errors().to_vec())
        .unwrap_or_default()
}

/// The error for a status that makes no sense as an answer to the request.
pub(crate) fn unexpected(parts: &response::Parts, url: &Url) -> Error {
    Error::refusal(parts.status, url, Vec::new()).explained("this status makes no sense here")
}

const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
