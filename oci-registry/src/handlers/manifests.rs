//! Reading and deleting manifests, and the way to pushing them.

use http::{Method, StatusCode, header};
use oci_client_core::transport::Body;
use oci_spec_types::{Digest, RepositoryName, TagOrDigest};

use super::conditions::{entity_tag, not_modified};
use super::push;
use crate::error::ApiError;
use crate::registry::Call;
use crate::response::{self, DOCKER_CONTENT_DIGEST, Outcome, ascii};

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
    let unknown = || ApiError::manifest_unknown(reference);
    let digest = resolve(call, repository, reference).await?.ok_or_else(unknown)?;
    let manifest = call
        .service
        .storage
        .manifest(repository, &digest)
        .await?
        .ok_or_else(unknown)?;
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
    let storage = &call.service.storage;
    let found = match reference {
        TagOrDigest::Digest(digest) => storage.delete_manifest(repository, digest).await?,
        TagOrDigest::Tag(tag) => storage.delete_tag(repository, tag).await?,
    };
    if !found {
        return Err(ApiError::manifest_unknown(reference));
    }
    Ok(response::empty(response::respond(StatusCode::ACCEPTED)))
}

async fn resolve(
    call: &Call<'_>,
    repository: &RepositoryName,
    reference: &TagOrDigest,
) -> Result<Option<Digest>, ApiError> {
    match reference {
        TagOrDigest::Digest(digest) => Ok(Some(digest.clone())),
        TagOrDigest::Tag(tag) => Ok(call.service.storage.tag(repository, tag).await?),
    }
}
