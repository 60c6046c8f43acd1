//! Pushing manifests.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{StatusCode, header};
use http_body::Body as _;
use oci_client_core::transport::{Body, TransportErrorKind};
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{
    AnyManifest, Descriptor, Digest, Document, Limits, MediaType, ParseErrorKind, RepositoryName, Tag, TagOrDigest,
};

use super::conditions::precondition;
use super::referrers;
use crate::error::ApiError;
use crate::registry::{Call, Service};
use crate::response::{self, DOCKER_CONTENT_DIGEST, OCI_SUBJECT, OCI_TAG, Outcome, ascii};
use crate::routes::manifest_path;
use crate::storage::{KeptKind, PutManifest, Referrer, StoredManifest};

/// `PUT /v2/<name>/manifests/<tag-or-digest>`.
pub(super) async fn put(call: &Call<'_>, repository: &RepositoryName, reference: &TagOrDigest, body: Body) -> Outcome {
    let service = call.service;
    let tags = tags(call, reference)?;
    let media_type = media_type(call)?;
    let content = collect(body, service.limits.manifest_size()).await?;
    let document = parse(&content, media_type, reference, service.limits.manifest_size())?;
    let digest = document.digest();
    if !service.allow_missing_blobs {
        check_references(service, repository, document.value()).await?;
    }
    let referrer = referrer(&document, service.limits.manifest_size())?;
    let subject = referrer.as_ref().map(|referrer| referrer.subject().clone());
    let stored = StoredManifest::new(document.media_type().clone(), content);
    let put = PutManifest::new(repository.clone(), digest.clone(), stored)
        .with_precondition(precondition(call.headers, reference))
        .with_referrer(referrer)
        .with_tags(tags.clone());
    service.storage.put_manifest(put).await?;
    let mut builder = response::respond(StatusCode::CREATED)
        .header(header::LOCATION, ascii(manifest_path(repository, digest)))
        .header(DOCKER_CONTENT_DIGEST, ascii(digest));
    if let Some(subject) = subject {
        builder = builder.header(OCI_SUBJECT, ascii(subject));
    }
    if let TagOrDigest::Digest(_) = reference {
        builder = tags
            .iter()
            .fold(builder, |builder, tag| builder.header(OCI_TAG, ascii(tag)));
    }
    Ok(response::empty(builder))
}

/// The tags to set: the one in the path, or those in the `tag` parameters of a push by digest.
fn tags(call: &Call<'_>, reference: &TagOrDigest) -> Result<Vec<Tag>, ApiError> {
    if let TagOrDigest::Tag(tag) = reference {
        return Ok(vec![tag.clone()]);
    }
    let limit = call.service.limits.tag_parameters();
    if call.query.all("tag").nth(limit).is_some() {
        let message = format!("at most {limit} tags can be set at once; set the others by further pushes");
        return Err(ApiError::new(StatusCode::URI_TOO_LONG, ErrorCode::UNSUPPORTED, message));
    }
    let parse = |text: &str| {
        text.parse::<Tag>()
            .map_err(|error| ApiError::manifest_invalid(format!("{error}")))
    };
    let mut tags: Vec<Tag> = Vec::new();
    for text in call.query.all("tag") {
        let tag = parse(text)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

/// The `Content-Type`, which says how to read the manifest.
fn media_type(call: &Call<'_>) -> Result<MediaType, ApiError> {
    let value = call.header(header::CONTENT_TYPE);
    let value = value.ok_or_else(|| ApiError::manifest_invalid("Content-Type must name the type of the manifest"))?;
    let media_type = MediaType::parse_content_type(value)
        .map_err(|error| ApiError::manifest_invalid(format!("Content-Type is invalid: {error}")))?;
    if !media_type.is_manifest() {
        let message = format!("{media_type} is not a type of manifest that this registry takes");
        return Err(ApiError::manifest_invalid(message));
    }
    Ok(media_type)
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let too_large = || {
        let message = format!("the manifest is larger than the {limit} bytes that this registry takes");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::MANIFEST_INVALID, message)
    };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    body.collect(limit).await.map_err(|error| match error.kind() {
        TransportErrorKind::TooLarge => too_large(),
        _ => ApiError::manifest_invalid(format!("the request's body broke off: {error}")),
    })
}

/// Reads the manifest, which in a push by digest must have that digest.
fn parse(
    content: &[u8],
    media_type: MediaType,
    reference: &TagOrDigest,
    limit: usize,
) -> Result<Document<AnyManifest>, ApiError> {
    let limits = Limits::new().with_document_bytes(limit);
    let document = match reference {
        TagOrDigest::Digest(digest) => {
            let expected = Descriptor::new(media_type, digest.clone(), content.len() as u64);
            Document::parse_verified(content, &expected, &limits)
        }
        TagOrDigest::Tag(_) => Document::parse_with(content, media_type, &limits),
    };
    document.map_err(|error| match error.kind() {
        ParseErrorKind::ContentMismatch => ApiError::digest_invalid(error.to_string()),
        _ => ApiError::manifest_invalid(error.to_string()),
    })
}

/// Refuses a manifest that refers to what the repository does not have, and makes what it refers to young, so that none of it is swept
/// while the manifest is on its way. What says where else it can be found may be missing.
async fn check_references(
    service: &Service,
    repository: &RepositoryName,
    manifest: &AnyManifest,
) -> Result<(), ApiError> {
    let storage = &service.storage;
    let required = |descriptor: &&Descriptor| descriptor.urls.is_empty();
    // A manifest may name the same content many times, so each is looked for once.
    match manifest {
        AnyManifest::Image(image) => {
            let blobs: BTreeSet<_> = image.blobs().filter(required).map(|blob| &blob.digest).collect();
            for digest in blobs {
                if !storage.refresh(repository, KeptKind::Blob, digest).await? {
                    return Err(missing("blob", digest));
                }
            }
        }
        AnyManifest::Index(index) => {
            let entries = index.manifests.iter().filter(required);
            let entries: BTreeSet<_> = entries
                .map(|entry| (&entry.digest, entry.media_type.is_manifest()))
                .collect();
            for (digest, is_manifest) in entries {
                // An entry of another type may be any content.
                let found = storage.refresh(repository, KeptKind::Manifest, digest).await?
                    || !is_manifest && storage.refresh(repository, KeptKind::Blob, digest).await?;
                if !found {
                    return Err(missing("manifest", digest));
                }
            }
        }
    }
    Ok(())
}

fn missing(what: &str, digest: &Digest) -> ApiError {
    let message =
        format!("the repository does not have the {what} {digest} that the manifest refers to; push it first");
    ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::MANIFEST_BLOB_UNKNOWN, message)
}

/// The manifest's entry in the index of referrers, if it has a subject.
///
/// It holds all annotations, and may be larger than the manifest by a little. A client that takes no larger list than this
/// registry a manifest could then read none for that subject.
pub(crate) fn referrer(document: &Document<AnyManifest>, limit: usize) -> Result<Option<Referrer>, ApiError> {
    let Some(subject) = document.value().subject() else {
        return Ok(None);
    };
    let descriptor = document.referrer();
    if !referrers::fits(&descriptor, limit) {
        let message = format!("a list with this referrer would be larger than {limit} bytes; shorten its annotations");
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::MANIFEST_INVALID,
            message,
        ));
    }
    Ok(Some(Referrer::new(subject.digest.clone(), descriptor)))
}
