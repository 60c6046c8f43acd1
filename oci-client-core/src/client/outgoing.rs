//! What goes up with a request.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request};

use oci_spec_types::Digest;

use super::content::Content;
use super::one_shot::OneShot;
use crate::Error;
use crate::proto::{Payload, Sent, Span, TransportError, TransportErrorKind};
use crate::runtime::Runtime;
use crate::transport::Body;

/// The content that an operation uploads, and the error that it failed with.
///
/// A transport may report that failure as one of its own, and a server may answer what it got until then: neither knows why.
#[derive(Clone, Default)]
pub(super) struct Outgoing {
    content: Option<Arc<dyn Content>>,
    failure: Arc<Mutex<Option<Error>>>,
    one_shot: Option<Arc<OneShot>>,
}

impl Outgoing {
    pub(super) fn new(content: Arc<dyn Content>) -> Self {
        Self {
            content: Some(content),
            ..Self::default()
        }
    }

    pub(super) fn one_shot(content: Arc<OneShot>) -> Self {
        Self {
            one_shot: Some(content.clone()),
            ..Self::new(content)
        }
    }

    /// What went up with a request, and the digest of the whole if that is now known.
    pub(super) fn sent(&self, progress: &Progress) -> Sent {
        let sent = Sent::new(progress.sent.load(Ordering::Relaxed));
        match self.digest().filter(|_| progress.is_complete()) {
            Some(digest) => sent.with_digest(digest),
            None => sent,
        }
    }

    /// Reads content that can be read once up to the end of a payload of known length. If there is less of it, gives how much, and the digest of the whole.
    pub(super) async fn gather(&self, payload: &Payload) -> Result<Option<Sent>, Error> {
        let (Some(one_shot), Payload::Source(span)) = (&self.one_shot, payload) else {
            return Ok(None);
        };
        let gathered = one_shot.gather(*span).await;
        let short = gathered.map_err(|error| Error::from(keep(&self.failure, error)))?;
        let digest = one_shot.digest();
        Ok(short
            .zip(digest)
            .map(|(len, digest)| Sent::new(len).with_digest(digest)))
    }

    /// The request with the part of the content that its payload names.
    pub(super) async fn attach(
        &self,
        request: Request<Payload>,
        progress: &Arc<Progress>,
    ) -> Result<Request<Body>, Error> {
        let (parts, payload) = request.into_parts();
        let body = match payload {
            Payload::Bytes(bytes) => Body::from(bytes),
            Payload::Empty => {
                // An upload ends with a PUT without content: the server has all of it by then, and stores it.
                progress.complete.store(parts.method == Method::PUT, Ordering::Relaxed);
                Body::empty()
            }
            Payload::Source(span) => self.open(span, progress.clone()).await?,
        };
        Ok(Request::from_parts(parts, body))
    }

    /// Whether the content has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What the content failed with, if it did; else `other`.
    pub(super) fn failure_or(&self, other: Error) -> Error {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.unwrap_or(other)
    }

    fn digest(&self) -> Option<Digest> {
        self.one_shot.as_ref()?.digest()
    }

    async fn open(&self, span: Span, progress: Arc<Progress>) -> Result<Body, Error> {
        let Some(content) = &self.content else {
            return Err(Error::misuse("a machine sends content that it was not given"));
        };
        let mut chunks = match content.open(span).await {
            Ok(chunks) => chunks,
            Err(error) => return Err(keep(&self.failure, error).into()),
        };
        let failure = self.failure.clone();
        let counted = stream::poll_fn(move |context| {
            let chunk = chunks.poll_next_unpin(context);
            progress.polled(&chunk, span.len);
            chunk.map(|chunk| chunk.map(|chunk| chunk.map_err(|error| keep(&failure, error))))
        });
        Ok(Body::from_stream(counted, span.len))
    }
}

/// How much of a request's content has gone out, and when the last of it went.
pub(super) struct Progress {
    complete: AtomicBool,
    last: AtomicU64,
    runtime: Arc<dyn Runtime>,
    sent: AtomicU64,
    waiting: AtomicBool,
}

impl Progress {
    pub(super) fn new(runtime: Arc<dyn Runtime>) -> Self {
        let progress = Self {
            complete: AtomicBool::new(false),
            last: AtomicU64::new(0),
            runtime,
            sent: AtomicU64::new(0),
            waiting: AtomicBool::new(false),
        };
        progress.note(0);
        progress
    }

    /// How long nothing has moved.
    pub(super) fn idle(&self) -> Duration {
        let last = Duration::from_nanos(self.last.load(Ordering::Relaxed));
        self.runtime.now().monotonic.saturating_sub(last)
    }

    /// Whether the content has been read to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Relaxed)
    }

    /// Whether the content has nothing ready for the connection, which is then not at fault.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A connection that was told the length need not ask for the end.
    fn polled(&self, chunk: &Poll<Option<Result<Bytes, Error>>>, length: Option<u64>) {
        self.waiting.store(chunk.is_pending(), Ordering::Relaxed);
        let ended = match chunk {
            Poll::Ready(Some(Ok(chunk))) => {
                self.note(chunk.len() as u64);
                length == Some(self.sent.load(Ordering::Relaxed))
            }
            Poll::Ready(None) => true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        };
        if ended {
            self.complete.store(true, Ordering::Relaxed);
        }
    }

    fn note(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        let now = self.runtime.now().monotonic.as_nanos();
        self.last
            .store(u64::try_from(now).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Keeps the first failure; gives what the transport is told of it.
fn keep(failure: &Mutex<Option<Error>>, error: Error) -> TransportError {
    let told = TransportError::new(TransportErrorKind::Source, error.to_string());
    failure
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert(error);
    told
}
