//! Reading and deleting manifests, and the way to pushing them.

use http::{Method, StatusCode, header};
use oci_client_core::transport::Body;
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{Digest, RepositoryName, Tag, TagOrDigest};

use super::conditions::{entity_tag, not_modified, precondition};
use super::push;
use crate::error::ApiError;
use crate::registry::Call;
use crate::response::{self, DOCKER_CONTENT_DIGEST, Outcome, ascii};
use crate::storage::{DeleteReference, KeptKind, StoredManifest};

/// `GET`, `HEAD`, `PUT` and `DELETE` of `/v2/<name>/manifests/<tag-or-digest>`.
pub(crate) async fn answer(
    call: &Call<'_>,
    repository: &RepositoryName,
    reference: &TagOrDigest,
    body: Body,
) -> Outcome {
    match *call.method {
        Method::DELETE => delete(call, repository, reference).await,
        Method::GET | Method::HEAD => get(call, repository, reference).await,
        Method::PUT => push::put(call, repository, reference, body).await,
        _ => Err(ApiError::method_not_allowed()),
    }
}

async fn get(call: &Call<'_>, repository: &RepositoryName, reference: &TagOrDigest) -> Outcome {
    let found = match reference {
        TagOrDigest::Digest(digest) => {
            if call.method == Method::HEAD {
                // Whoever asks without reading is about to rely on it.
                call.service
                    .storage
                    .refresh(repository, KeptKind::Manifest, digest)
                    .await?;
            }
            by_digest(call, repository, digest.clone()).await?
        }
        TagOrDigest::Tag(tag) => by_tag(call, repository, tag).await?,
    };
    let (digest, manifest) = found.ok_or_else(|| ApiError::manifest_unknown(reference))?;
    let unchanged = not_modified(call.headers, &digest);
    let status = if unchanged {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    let builder = response::respond(status)
        .header(header::ETAG, entity_tag(&digest))
        .header(DOCKER_CONTENT_DIGEST, ascii(&digest));
    if unchanged {
        return Ok(response::empty(builder));
    }
    let builder = builder.header(header::CONTENT_TYPE, ascii(manifest.media_type()));
    Ok(response::with_body(builder, manifest.content().clone().into()))
}

async fn delete(call: &Call<'_>, repository: &RepositoryName, reference: &TagOrDigest) -> Outcome {
    let delete = DeleteReference::new(repository.clone(), reference.clone())
        .with_precondition(precondition(call.headers, reference));
    let found = call.service.storage.delete_reference(delete).await?;
    if !found {
        return Err(ApiError::manifest_unknown(reference));
    }
    Ok(response::empty(response::respond(StatusCode::ACCEPTED)))
}

async fn by_digest(call: &Call<'_>, repository: &RepositoryName, digest: Digest) -> Result<Option<Found>, ApiError> {
    let manifest = call.service.storage.manifest(repository, &digest).await?;
    Ok(manifest.map(|manifest| (digest, manifest)))
}

/// Between the two look-ups the tag may have moved, and the manifest that it pointed to may have been deleted. Then the tag
/// is there all the same, and has to be looked up again.
async fn by_tag(call: &Call<'_>, repository: &RepositoryName, tag: &Tag) -> Result<Option<Found>, ApiError> {
    let mut missing = None;
    for _ in 0..LOOK_UPS {
        let Some((digest, manifest)) = call.service.storage.tagged_manifest(repository, tag).await? else {
            return Ok(None);
        };
        if manifest.is_some() || missing.as_ref() == Some(&digest) {
            return Ok(manifest.map(|manifest| (digest, manifest)));
        }
        missing = Some(digest);
    }
    let message = format!("the tag {tag} moves faster than it can be read; try again");
    Err(ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::UNKNOWN,
        message,
    ))
}

/// A manifest and its digest.
type Found = (Digest, StoredManifest);

/// How often a tag that moves is looked up.
const LOOK_UPS: usize = 16;
