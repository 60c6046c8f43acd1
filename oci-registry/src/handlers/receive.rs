//! Taking in the bytes of an upload.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{AbortRegistration, Either, select};
use http::StatusCode;
use http_body::Body as _;
use oci_client_core::transport::{Body, TransportError};
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{Algorithm, Digest, Hasher};

use crate::error::ApiError;
use crate::registry::Service;
use crate::sessions::Place;
use crate::storage::Upload;

/// An upload with its writer and the hash of what it has so far.
pub(crate) struct Reception<'s> {
    /// `None` when what was stored before has not been hashed in this process.
    hasher: Option<Hasher>,
    place: Place<'s>,
    service: &'s Service,
    upload: Box<dyn Upload>,
}

impl<'s> Reception<'s> {
    /// Goes on with an upload; `algorithm` is what to hash with if nothing has come yet.
    pub(crate) fn new(
        service: &'s Service,
        place: Place<'s>,
        upload: Box<dyn Upload>,
        algorithm: Option<Algorithm>,
    ) -> Self {
        let kept = place.hasher().filter(|hasher| hasher.len() == upload.size());
        let hasher = match (kept, algorithm) {
            (Some(kept), None) => Some(kept),
            (Some(kept), Some(_)) if !kept.is_empty() => Some(kept),
            (_, algorithm) if upload.size() == 0 => algorithm.unwrap_or(Algorithm::SHA256).hasher().ok(),
            _ => None,
        };
        Self {
            hasher,
            place,
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
    pub(crate) async fn append(&mut self, body: Body, length: Option<u64>) -> Result<(), ApiError> {
        let room = self.service.limits.blob_size().saturating_sub(self.size());
        if body.size_hint().lower().max(length.unwrap_or_default()) > room {
            return Err(too_long(None));
        }
        let mut intake = Intake {
            body,
            buffer: Buffer::new(self.place.buffered()),
            failure: None,
            hasher: self.hasher.take(),
            left: Bytes::new(),
            length,
            rest: length.unwrap_or(room),
        };
        let outcome = self.take_in(&mut intake).await;
        self.hasher = intake.hasher;
        outcome?;
        match length {
            Some(length) if intake.rest > 0 => Err(too_short(length, intake.rest)),
            _ => Ok(()),
        }
    }

    /// Stores what comes, while more is coming.
    async fn take_in(&mut self, intake: &mut Intake<'_>) -> Result<(), ApiError> {
        let mut chunk = Bytes::new();
        loop {
            let taken = match select(pin!(self.store(chunk)), pin!(intake.take())).await {
                Either::Left((stored, taking)) => {
                    stored?;
                    taking.await
                }
                Either::Right((taken, storing)) => {
                    storing.await?;
                    taken
                }
            };
            chunk = intake.buffer.take();
            match taken {
                Ok(More::Coming) => {}
                Ok(More::None) => return self.store(chunk).await,
                Err(error) => {
                    self.store(chunk).await?;
                    return Err(error);
                }
            }
        }
    }

    /// Ends the request; another one may go on with the upload.
    pub(super) async fn save(self) -> Result<(), ApiError> {
        self.upload.save().await?;
        self.place.keep(self.hasher);
        Ok(())
    }

    /// What ends when another request ends the upload.
    pub(super) fn writer(&self) -> AbortRegistration {
        self.place.writer()
    }

    /// Makes the upload the blob `digest`, if that is what it is. Otherwise the upload ends, since no more bytes can make it
    /// right.
    pub(crate) async fn finish(mut self, digest: &Digest) -> Result<(), ApiError> {
        let found = self.digest(digest.algorithm()).await?;
        if found == *digest {
            self.upload.commit(digest).await?;
            self.place.end();
            return Ok(());
        }
        let size = self.size();
        self.upload.cancel().await?;
        self.place.end();
        Err(ApiError::digest_invalid(format!(
            "the content's {size} bytes have the digest {found}, not {digest}"
        )))
    }

    async fn store(&mut self, chunk: Bytes) -> Result<(), ApiError> {
        if !chunk.is_empty() {
            let size = self.size().saturating_add(chunk.len() as u64);
            self.place.grow(&self.service.limits, size)?;
            self.upload.append(chunk).await?;
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

/// A body that is taken in, a buffer at a time.
struct Intake<'s> {
    body: Body,
    buffer: Buffer<'s>,
    /// What to fail with after what is left.
    failure: Option<ApiError>,
    hasher: Option<Hasher>,
    /// What has come and did not fit.
    left: Bytes,
    /// The length that the body must have.
    length: Option<u64>,
    /// How much more of it there may be.
    rest: u64,
}

/// Whether a body has more than what is in the buffer.
enum More {
    Coming,
    None,
}

impl Intake<'_> {
    /// Fills the buffer, or takes what there is where that is better stored before more comes.
    async fn take(&mut self) -> Result<More, ApiError> {
        loop {
            let room = CHUNK.saturating_sub(self.buffer.bytes.len());
            let part = self.left.split_to(self.left.len().min(room));
            self.buffer.extend(&part);
            if self.buffer.bytes.len() == CHUNK {
                return Ok(More::Coming);
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            let next = match self.body.chunk().now_or_never() {
                Some(next) => next,
                // While nothing comes, only so much is held for all uploads together.
                None if self.buffer.is_to_be_emptied() => return Ok(More::Coming),
                None => self.body.chunk().await,
            };
            match next {
                None => return Ok(More::None),
                Some(chunk) => self.accept(chunk)?,
            }
        }
    }

    fn accept(&mut self, chunk: Received) -> Result<(), ApiError> {
        let chunk =
            chunk.map_err(|error| ApiError::upload_invalid(format!("the request's body broke off: {error}")))?;
        let taken = chunk.len().min(usize::try_from(self.rest).unwrap_or(usize::MAX));
        self.left = chunk.slice(..taken);
        self.rest -= taken as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&self.left);
        }
        self.failure = (taken < chunk.len()).then(|| too_long(self.length));
        Ok(())
    }
}

/// What has arrived of a body and is not yet in the storage.
struct Buffer<'s> {
    bytes: Vec<u8>,
    /// Counts what all buffers have.
    total: &'s AtomicUsize,
}

impl<'s> Buffer<'s> {
    const fn new(total: &'s AtomicUsize) -> Self {
        Self {
            bytes: Vec::new(),
            total,
        }
    }

    fn is_to_be_emptied(&self) -> bool {
        !self.bytes.is_empty() && self.total.load(Ordering::Relaxed) > BUFFERED
    }

    fn extend(&mut self, part: &[u8]) {
        self.bytes.extend_from_slice(part);
        self.total.fetch_add(part.len(), Ordering::Relaxed);
    }

    fn take(&mut self) -> Bytes {
        self.total.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        std::mem::take(&mut self.bytes).into_boxed_slice().into()
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        self.take();
    }
}

/// A chunk of a request's body.
type Received = Result<Bytes, TransportError>;

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

/// How much is handed to the storage at once. As much again arrives meanwhile.
const CHUNK: usize = 256 * 1024;
/// How much requests that wait for more may hold together, before each of them hands what it holds to the storage.
const BUFFERED: usize = 8 * 1024 * 1024;
