//! Manifests that were stored without their type.

use std::sync::Arc;

use oci_spec_types::{AnyManifest, Digest, Document, Limits, MediaType, ParseError, ParseErrorKind};

use crate::{Error, ErrorKind};

/// Reads a manifest as layouts and archives keep it: as a blob that only its digest names. Many writers leave `mediaType` out; its fields then tell what it is.
///
/// # Errors
/// Of kind [`Mismatch`](ErrorKind::Mismatch) if the bytes are not what the digest names, [`Invalid`](ErrorKind::Invalid) if they are no manifest,
/// [`Unsupported`](ErrorKind::Unsupported) if the digest cannot be verified.
pub fn parse_stored_manifest(bytes: Vec<u8>, digest: &Digest) -> Result<Document<AnyManifest>, Error> {
    digest.verify(&bytes)?;
    let document = parse(bytes.into()).map_err(|error| {
        Error::new(ErrorKind::Invalid, format!("{digest} cannot be used as a manifest")).with_source(error)
    })?;
    Ok(document.with_algorithm(&digest.algorithm())?)
}

fn parse(bytes: Arc<[u8]>) -> Result<Document<AnyManifest>, ParseError> {
    let limits = Limits::new();
    match Document::parse_declared(bytes.clone(), &limits) {
        // Nothing can be read as both.
        Err(error) if error.kind() == ParseErrorKind::MissingField => {
            let index = Document::parse_with(bytes.clone(), MediaType::IMAGE_INDEX, &limits);
            index.or_else(|_| Document::parse_with(bytes, MediaType::IMAGE_MANIFEST, &limits))
        }
        parsed => parsed,
    }
}
