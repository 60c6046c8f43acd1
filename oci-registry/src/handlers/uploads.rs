//! Pushing blobs.
//!
//! Bytes that have arrived are kept when a request fails or breaks off, so that the client can ask how far it got and go
//! on. An upload ends when it is finished, cancelled, or turns out not to have the digest that it was finished with.

use futures_util::future::{AbortRegistration, Abortable, Aborted};
use http::{Method, Response, StatusCode, header};
use http_body::Body as _;
use oci_client_core::transport::Body;
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{Algorithm, Digest, RepositoryName};

use super::receive::Reception;
use crate::error::ApiError;
use crate::range;
use crate::registry::Call;
use crate::response::{self, DOCKER_CONTENT_DIGEST, Outcome, ascii};
use crate::routes::{blob_path, upload_path};
use crate::storage::UploadId;

/// `POST /v2/<name>/blobs/uploads/`: mounts a blob, takes a whole one, or starts an upload.
pub(crate) async fn start(call: &Call<'_>, repository: RepositoryName, body: Body) -> Outcome {
    let mount = call.query.digest("mount")?;
    let whole = verifiable_digest(call, "digest")?;
    let algorithm = algorithm(call)?;
    if let Some(digest) = mount
        && mount_blob(call, &repository, &digest).await?
    {
        return Ok(created(&repository, &digest));
    }
    let id = UploadId::random()?;
    let stored = call.stored_upload(id);
    let service = call.service;
    let place = service
        .sessions
        .begin(&*service.storage, &service.limits, &repository, stored)
        .await?;
    let upload = service.storage.begin_upload(&repository, stored).await?;
    let Some(digest) = whole else {
        Reception::new(service, place, upload, algorithm).save().await?;
        return Ok(accepted(&repository, id, None));
    };
    let mut reception = Reception::new(service, place, upload, Some(digest.algorithm()));
    // On an error the upload is dropped before anyone knows of it, which ends it.
    reception.append(body, None).await?;
    reception.finish(&digest).await?;
    Ok(created(&repository, &digest))
}

/// `GET`, `PATCH`, `PUT` and `DELETE` of an upload's location.
pub(crate) async fn answer(call: &Call<'_>, repository: RepositoryName, id: UploadId, body: Body) -> Outcome {
    match *call.method {
        Method::DELETE => cancel(call, &repository, id).await,
        Method::GET | Method::HEAD => status(call, &repository, id).await,
        Method::PATCH => append(call, &repository, id, body).await,
        Method::PUT => finish(call, &repository, id, body).await,
        _ => Err(ApiError::method_not_allowed()),
    }
}

async fn status(call: &Call<'_>, repository: &RepositoryName, id: UploadId) -> Outcome {
    let size = call
        .service
        .storage
        .upload_size(repository, call.stored_upload(id))
        .await?
        .ok_or_else(ApiError::upload_unknown)?;
    let builder = response::respond(StatusCode::NO_CONTENT)
        .header(header::LOCATION, ascii(upload_path(repository, &id)))
        .header(header::RANGE, ascii(received(size)));
    Ok(response::empty(builder))
}

async fn append(call: &Call<'_>, repository: &RepositoryName, id: UploadId, body: Body) -> Outcome {
    let mut reception = resume(call, repository, id, None).await?;
    until_ended(reception.writer(), async move {
        let outcome = match chunk_length(call, repository, id, reception.size(), &body) {
            Ok(length) => reception.append(body, length).await,
            Err(error) => Err(error),
        };
        let size = reception.size();
        reception.save().await?;
        outcome.map(|()| accepted(repository, id, Some(size)))
    })
    .await
}

async fn finish(call: &Call<'_>, repository: &RepositoryName, id: UploadId, body: Body) -> Outcome {
    let Some(digest) = verifiable_digest(call, "digest")? else {
        return Err(ApiError::digest_invalid(
            "the parameter `digest` is missing; finish an upload with `?digest=`",
        ));
    };
    let mut reception = resume(call, repository, id, Some(digest.algorithm())).await?;
    until_ended(reception.writer(), async move {
        let outcome = match chunk_length(call, repository, id, reception.size(), &body) {
            Ok(length) => reception.append(body, length).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            reception.save().await?;
            return Err(error);
        }
        reception.finish(&digest).await?;
        Ok(created(repository, &digest))
    })
    .await
}

/// Does the work of the one who writes to an upload. It is dropped when another request ends the upload, so that nobody has to
/// wait for a client that does not send.
async fn until_ended(ended: AbortRegistration, work: impl Future<Output = Outcome>) -> Outcome {
    Abortable::new(work, ended)
        .await
        .unwrap_or_else(|Aborted| Err(ApiError::upload_unknown()))
}

async fn cancel(call: &Call<'_>, repository: &RepositoryName, id: UploadId) -> Outcome {
    let stored = call.stored_upload(id);
    if !call.service.storage.end_upload(repository, stored).await? {
        return Err(ApiError::upload_unknown());
    }
    call.service.sessions.end(stored);
    Ok(response::empty(response::respond(StatusCode::NO_CONTENT)))
}

async fn resume<'s>(
    call: &Call<'s>,
    repository: &RepositoryName,
    id: UploadId,
    algorithm: Option<Algorithm>,
) -> Result<Reception<'s>, ApiError> {
    let stored = call.stored_upload(id);
    let upload = call
        .service
        .storage
        .resume_upload(repository, stored)
        .await?
        .ok_or_else(ApiError::upload_unknown)?;
    let place = call.service.sessions.resume(repository, stored, upload.size());
    Ok(Reception::new(call.service, place, upload, algorithm))
}

/// Mounts the blob from the repository `from`; without that, only finds it in its own repository, since whether any other
/// one has it is not for everybody to know.
async fn mount_blob(call: &Call<'_>, repository: &RepositoryName, digest: &Digest) -> Result<bool, ApiError> {
    let source = match call.query.first("from") {
        None => Some(repository.clone()),
        // A name that cannot be one names no repository to mount from.
        Some(from) => from.parse().ok(),
    };
    match source {
        None => Ok(false),
        Some(source) => Ok(call.service.storage.link_blob(&source, repository, digest).await?),
    }
}

/// How long the body must be by its `Content-Range`, which must go on where the upload ends.
fn chunk_length(
    call: &Call<'_>,
    repository: &RepositoryName,
    id: UploadId,
    size: u64,
    body: &Body,
) -> Result<Option<u64>, ApiError> {
    let Some(value) = call.headers.get(header::CONTENT_RANGE) else {
        return Ok(None);
    };
    let invalid = || ApiError::upload_invalid("Content-Range must be `<start>-<end>`, both inclusive, start first");
    let chunk = value.to_str().ok().and_then(range::chunk).ok_or_else(invalid)?;
    if chunk.start != size {
        let message = format!(
            "the chunk starts at {}, but the next byte of the upload is {size}",
            chunk.start
        );
        return Err(ApiError::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            ErrorCode::BLOB_UPLOAD_INVALID,
            message,
        )
        .with_header(header::LOCATION, upload_path(repository, &id))
        .with_header(header::RANGE, received(size)));
    }
    let length = chunk.end - chunk.start;
    match body.size_hint().exact() {
        Some(found) if found != length => {
            let message = format!("the body has {found} bytes, its Content-Range {length}");
            Err(ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::SIZE_INVALID, message))
        }
        _ => Ok(Some(length)),
    }
}

/// The digest in a parameter, which must be one that content can be checked against.
fn verifiable_digest(call: &Call<'_>, name: &'static str) -> Result<Option<Digest>, ApiError> {
    match call.query.digest(name)? {
        Some(digest) if !digest.is_verifiable() => {
            let message = format!(
                "this registry cannot verify {} digests; use sha256 or sha512",
                digest.algorithm()
            );
            Err(ApiError::digest_invalid(message))
        }
        digest => Ok(digest),
    }
}

/// The algorithm with which the client says that it will finish the upload.
fn algorithm(call: &Call<'_>) -> Result<Option<Algorithm>, ApiError> {
    let Some(text) = call.query.first("digest-algorithm") else {
        return Ok(None);
    };
    let algorithm: Option<Algorithm> = text.parse().ok();
    match algorithm.filter(Algorithm::is_supported) {
        None => Err(ApiError::digest_invalid(
            "this `digest-algorithm` is not supported; use sha256 or sha512",
        )),
        supported => Ok(supported),
    }
}

fn created(repository: &RepositoryName, digest: &Digest) -> Response<Body> {
    let builder = response::respond(StatusCode::CREATED)
        .header(header::LOCATION, ascii(blob_path(repository, digest)))
        .header(DOCKER_CONTENT_DIGEST, ascii(digest));
    response::empty(builder)
}

fn accepted(repository: &RepositoryName, id: UploadId, size: Option<u64>) -> Response<Body> {
    let mut builder =
        response::respond(StatusCode::ACCEPTED).header(header::LOCATION, ascii(upload_path(repository, &id)));
    if let Some(size) = size {
        builder = builder.header(header::RANGE, ascii(received(size)));
    }
    response::empty(builder)
}

/// The `Range` of an upload with `size` bytes: its last byte is inclusive, so an empty one ends at -1.
fn received(size: u64) -> String {
    match size.checked_sub(1) {
        Some(last) => format!("0-{last}"),
        None => "0--1".to_owned(),
    }
}
