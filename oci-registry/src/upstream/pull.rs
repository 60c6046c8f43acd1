//! A blob on its way from the upstream into the storage.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_channel::{mpsc, oneshot};
use futures_util::future::{Shared, select};
use futures_util::{FutureExt, StreamExt, stream};
use http::{Method, Request, StatusCode, header};
use oci_client_core::client::Chunks;
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{Descriptor, Digest, MediaType};

use super::{Failure, Key, Wanted};
use crate::error::ApiError;
use crate::handlers::receive::Reception;
use crate::storage::UploadId;

/// The blobs that are on their way.
#[derive(Default)]
pub(super) struct Pulls {
    table: Mutex<HashMap<Key, Arc<Pull>>>,
}

impl Pulls {
    fn table(&self) -> MutexGuard<'_, HashMap<Key, Arc<Pull>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them, for those who wait for it.
pub(super) struct Pull {
    ended: Told<()>,
    /// Whether somebody waits for the whole of it, so that it is held up by nobody.
    is_awaited: AtomicBool,
    size: Told<u64>,
}

/// The pieces of a blob as they come in.
pub(super) type Live = mpsc::Receiver<Bytes>;

type Told<T> = Shared<oneshot::Receiver<Result<T, Failure>>>;

impl Pull {
    /// Joins the pull of a blob, or begins it: then, if `live`, with the pieces as they come in.
    pub(super) fn join(
        wanted: &Wanted,
        key: &Key,
        digest: &Digest,
        live: bool,
    ) -> Result<(Arc<Self>, Option<Live>), Failure> {
        let upstream = &wanted.upstream;
        let mut table = upstream.pulls.table();
        if let Some(pull) = table.get(key) {
            pull.is_awaited.store(true, Ordering::Relaxed);
            return Ok((pull.clone(), None));
        }
        if table.len() >= upstream.settings.pulls {
            return Err(too_many());
        }
        let (size, told_size) = oneshot::channel();
        let (ended, told_end) = oneshot::channel();
        let pull = Arc::new(Self {
            ended: told_end.shared(),
            is_awaited: AtomicBool::new(!live),
            size: told_size.shared(),
        });
        table.insert(key.clone(), pull.clone());
        drop(table);
        let (sender, receiver) = mpsc::channel(PIECES);
        let entry = Entry {
            key: key.clone(),
            wanted: wanted.clone(),
        };
        // Made here and not by the task, which may be dropped before it is polled.
        let place = InTable(entry.clone());
        let task = Task {
            digest: digest.clone(),
            entry,
            live: live.then_some(sender),
            pull: pull.clone(),
        };
        upstream.client.runtime().spawn(Box::pin(task.run(place, size, ended)));
        Ok((pull, live.then_some(receiver)))
    }

    /// The size of the blob, as the upstream has it.
    pub(super) async fn size(&self) -> Result<u64, Failure> {
        told(&self.size).await
    }

    /// Waits until the blob is in the storage.
    pub(super) async fn ended(&self) -> Result<(), Failure> {
        told(&self.ended).await
    }

    /// Waits for that without being an asker who is given the pieces any more.
    pub(super) async fn awaited(&self) -> Result<(), Failure> {
        self.is_awaited.store(true, Ordering::Relaxed);
        self.ended().await
    }
}

/// Asks the upstream how large a blob is.
pub(super) async fn size(wanted: &Wanted, digest: &Digest) -> Result<u64, Failure> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::HEAD;
    *request.uri_mut() = format!("/blobs/{digest}")
        .parse()
        .map_err(|_| ApiError::blob_unknown(digest))?;
    let failure = |error: &Error| wanted.failure(error, ApiError::blob_unknown(digest));
    let response = wanted.there.send(request).await.map_err(|error| failure(&error))?;
    let length = response.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.ok_or_else(|| {
        let what = format!("the upstream does not say how large the blob {digest} is");
        failure(&Error::new(ErrorKind::Protocol, what))
    })
}

/// What brings a blob in.
struct Task {
    digest: Digest,
    entry: Entry,
    live: Option<mpsc::Sender<Bytes>>,
    pull: Arc<Pull>,
}

impl Task {
    async fn run(
        self,
        place: InTable,
        size: oneshot::Sender<Result<u64, Failure>>,
        ended: oneshot::Sender<Result<(), Failure>>,
    ) {
        let outcome = self.start(size).await;
        if let Err(failure) = &outcome {
            let Entry { key, wanted } = &place.0;
            wanted
                .upstream
                .remember(key.clone(), Duration::ZERO, Err(failure.clone()));
        }
        // Whoever hears of the end finds the table without it.
        drop(place);
        let _ = ended.send(outcome);
    }

    async fn start(self, told: oneshot::Sender<Result<u64, Failure>>) -> Result<(), Failure> {
        let wanted = &self.entry.wanted;
        // Another one may have ended since the storage was looked at.
        if let Some(stored) = wanted.service.storage.blob(&wanted.here, &self.digest).await? {
            let _ = told.send(Ok(stored.size()));
            return Ok(());
        }
        let found = size(wanted, &self.digest).await;
        // Whoever waits may be gone: it comes in all the same.
        let _ = told.send(found.clone());
        self.bring(found?).await
    }

    async fn bring(self, size: u64) -> Result<(), Failure> {
        let wanted = self.entry.wanted.clone();
        let (service, digest) = (&*wanted.service, &self.digest);
        let descriptor = Descriptor::new(MediaType::OCTET_STREAM, digest.clone(), size);
        let blob = wanted.there.blob(&descriptor);
        let blob = blob.map_err(|error| wanted.failure(&error, ApiError::blob_unknown(digest)))?;
        let id = UploadId::random()?;
        let place = service
            .sessions
            .begin(&*service.storage, &service.limits, &wanted.here, id)
            .await?;
        let upload = service.storage.begin_upload(&wanted.here, id).await?;
        let mut reception = Reception::new(service, place, upload, Some(digest.algorithm()));
        let failed = Arc::default();
        let tee = Tee {
            chunks: blob.into_chunks(),
            failed: Arc::clone(&failed),
            live: self.live,
            pull: self.pull,
            runtime: wanted.upstream.client.runtime().clone(),
        };
        let body = Body::from_stream(stream::unfold(tee, Tee::next), Some(size));
        let received = reception.append(body, None).await;
        let error: Option<Error> = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(error) = error {
            return Err(wanted.failure(&error, ApiError::blob_unknown(digest)));
        }
        received?;
        Ok(reception.finish(digest).await?)
    }
}

/// The pieces of a blob on their way to the storage, and to the one who first asked for it.
struct Tee {
    chunks: Chunks,
    failed: Arc<Mutex<Option<Error>>>,
    live: Option<mpsc::Sender<Bytes>>,
    pull: Arc<Pull>,
    runtime: Arc<dyn Runtime>,
}

impl Tee {
    async fn next(mut self) -> Option<(Result<Bytes, TransportError>, Self)> {
        match self.chunks.next().await? {
            Ok(chunk) => {
                self.show(&chunk).await;
                Some((Ok(chunk), self))
            }
            Err(error) => {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                let error = TransportError::new(TransportErrorKind::Source, "the upstream failed");
                Some((Err(error), self))
            }
        }
    }

    /// Gives a piece to the one who asked first. Who has no room for it gets the rest from the storage; a single one has some time to make room, so that the upstream
    /// is not read faster than its only reader reads.
    async fn show(&mut self, chunk: &Bytes) {
        let Some(live) = &mut self.live else {
            return;
        };
        if !self.pull.is_awaited.load(Ordering::Relaxed) {
            let room = poll_fn(|context| live.poll_ready(context).map(drop));
            select(room, self.runtime.sleep(PATIENCE)).await;
        }
        if live.try_send(chunk.clone()).is_err() {
            self.live = None;
        }
    }
}

/// What a pull is of.
#[derive(Clone)]
struct Entry {
    key: Key,
    wanted: Wanted,
}

/// Takes the entry out of the table, also if the pull is dropped or a storage panics: nobody is to wait for what will not come.
struct InTable(Entry);

impl Drop for InTable {
    fn drop(&mut self) {
        self.0.wanted.upstream.pulls.table().remove(&self.0.key);
    }
}

async fn told<T: Clone>(told: &Told<T>) -> Result<T, Failure> {
    let told = told.clone().await;
    told.unwrap_or_else(|oneshot::Canceled| Err(Failure::interrupted()))
}

fn too_many() -> Failure {
    let error = ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::TOO_MANY_REQUESTS,
        "too many blobs are on their way from the upstream; try again later",
    );
    Failure::broken(error.with_header(header::RETRY_AFTER, 1))
}

/// How long a single reader who has no room holds up a blob.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many pieces wait for a reader.
const PIECES: usize = 64;
