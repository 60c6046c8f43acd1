//! Taking in the bytes of an upload.

use bytes::Bytes;
use http::StatusCode;
use http_body::Body as _;
use oci_client_core::transport::Body;
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{Algorithm, Digest, Hasher};

use crate::error::ApiError;
use crate::registry::Service;
use crate::storage::{Upload, UploadId};

/// An upload with its writer and the hash of what it has so far.
pub(super) struct Reception<'s> {
    /// `None` when what was stored before has not been hashed in this process.
    hasher: Option<Hasher>,
    id: UploadId,
    service: &'s Service,
    upload: Box<dyn Upload>,
}

impl<'s> Reception<'s> {
    /// Goes on with an upload; `algorithm` is what to hash with if nothing has come yet.
    pub(super) fn new(
        service: &'s Service,
        id: UploadId,
        upload: Box<dyn Upload>,
        algorithm: Option<Algorithm>,
    ) -> Self {
        let kept = service.hashers.take(&id).filter(|hasher| hasher.len() == upload.size());
        let hasher = match (kept, algorithm) {
            (Some(kept), None) => Some(kept),
            (Some(kept), Some(_)) if !kept.is_empty() => Some(kept),
            (_, algorithm) if upload.size() == 0 => algorithm.unwrap_or(Algorithm::SHA256).hasher().ok(),
            _ => None,
        };
        Self {
            hasher,
            id,
            service,
            upload,
        }
    }

    /// How many bytes the upload has.
    pub(super) fn size(&self) -> u64 {
        self.upload.size()
    }

    /// Appends the body. With `length` it must have exactly that many bytes, and none beyond them is stored.
    ///
    /// On an error the upload has what came before it.
    pub(super) async fn append(&mut self, mut body: Body, length: Option<u64>) -> Result<(), ApiError> {
        let room = self.service.limits.blob_size().saturating_sub(self.size());
        if body.size_hint().lower().max(length.unwrap_or_default()) > room {
            return Err(too_long(None));
        }
        let mut rest = length.unwrap_or(room);
        let mut buffer = Vec::new();
        let outcome = loop {
            match body.chunk().await {
                None => break Ok(()),
                Some(Err(error)) => {
                    break Err(ApiError::upload_invalid(format!(
                        "the request's body broke off: {error}"
                    )));
                }
                Some(Ok(chunk)) => {
                    let taken = chunk.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
                    self.buffer(&mut buffer, chunk.slice(..taken)).await?;
                    rest -= taken as u64;
                    if taken < chunk.len() {
                        break Err(too_long(length));
                    }
                }
            }
        };
        self.flush(&mut buffer).await?;
        outcome?;
        match length {
            Some(length) if rest > 0 => Err(too_short(length, rest)),
            _ => Ok(()),
        }
    }

    /// Ends the request; another one may go on with the upload.
    pub(super) async fn save(self) -> Result<(), ApiError> {
        self.upload.save().await?;
        if let Some(hasher) = self.hasher {
            self.service.hashers.keep(self.id, hasher);
        }
        Ok(())
    }

    /// Ends the upload, and discards what it has.
    pub(super) async fn cancel(self) -> Result<(), ApiError> {
        Ok(self.upload.cancel().await?)
    }

    /// Makes the upload the blob `digest`, if that is what it is. Otherwise the upload ends, since no more bytes can make it
    /// right.
    pub(super) async fn finish(mut self, digest: &Digest) -> Result<(), ApiError> {
        let found = self.digest(digest.algorithm()).await?;
        if found == *digest {
            return Ok(self.upload.commit(digest).await?);
        }
        let size = self.size();
        self.upload.cancel().await?;
        Err(ApiError::digest_invalid(format!(
            "the content's {size} bytes have the digest {found}, not {digest}"
        )))
    }

    async fn buffer(&mut self, buffer: &mut Vec<u8>, mut bytes: Bytes) -> Result<(), ApiError> {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes);
        }
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(CHUNK - buffer.len()));
            buffer.extend_from_slice(&part);
            if buffer.len() == CHUNK {
                self.flush(buffer).await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self, buffer: &mut Vec<u8>) -> Result<(), ApiError> {
        if !buffer.is_empty() {
            let chunk = std::mem::take(buffer).into_boxed_slice();
            self.upload.append(Bytes::from(chunk)).await?;
        }
        Ok(())
    }

    /// The digest of everything, from the running hash or, if there is none of that algorithm, from the storage.
    async fn digest(&mut self, algorithm: Algorithm) -> Result<Digest, ApiError> {
        if let Some(hasher) = self.hasher.take_if(|hasher| hasher.algorithm() == algorithm) {
            return Ok(hasher.finish());
        }
        let mut hasher = algorithm
            .hasher()
            .map_err(|error| ApiError::digest_invalid(error.to_string()))?;
        let mut content = self.upload.read().await?;
        while let Some(chunk) = content.chunk().await {
            hasher.update(&chunk.map_err(|error| ApiError::storage_unreadable(&error))?);
        }
        Ok(hasher.finish())
    }
}

fn too_long(length: Option<u64>) -> ApiError {
    match length {
        Some(length) => size_invalid(format!(
            "the body is longer than the {length} bytes of its Content-Range"
        )),
        None => ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::SIZE_INVALID,
            "the blob is larger than this registry takes",
        ),
    }
}

fn too_short(length: u64, missing: u64) -> ApiError {
    size_invalid(format!(
        "the body ended {missing} bytes before the {length} bytes of its Content-Range"
    ))
}

fn size_invalid(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::SIZE_INVALID, message)
}

/// How much is handed to the storage at once.
const CHUNK: usize = 256 * 1024;
