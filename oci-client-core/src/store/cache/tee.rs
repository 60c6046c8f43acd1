//! Content that is kept while it is read.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use futures_channel::mpsc;
use futures_core::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use oci_spec_types::Descriptor;

use super::{Kept, Reservation};
use crate::client::{Chunks, Content, Repository, sealed};
use crate::proto::Span;
use crate::store::Stored;
use crate::{Error, ErrorKind};

/// Content that ends in an error unless it is what `descriptor` says.
pub(super) struct Tee {
    content: Arc<dyn Content>,
    descriptor: Descriptor,
    kept: Arc<Kept>,
}

impl Tee {
    pub(super) fn new(kept: Arc<Kept>, content: Arc<dyn Content>, descriptor: Descriptor) -> Self {
        Self {
            content,
            descriptor,
            kept,
        }
    }
}

#[async_trait]
impl Content for Tee {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let chunks = self.content.open(span).await?;
        if span.start > 0 || span.len.is_some_and(|len| len != self.descriptor.size) {
            return Ok(chunks);
        }
        let reservation = self.kept.reserve(&self.descriptor.digest, self.descriptor.size).await;
        let Some(reservation) = reservation else {
            return Ok(chunks);
        };
        let reading = Reading {
            chunks,
            held: None,
            keeping: Some(Keeping::begin(&self.kept, reservation, &self.descriptor)),
        };
        Ok(Box::pin(stream::try_unfold(reading, Reading::next)))
    }

    fn repository(&self, sealed: sealed::Sealed) -> Option<&Repository> {
        self.content.repository(sealed)
    }

    fn checked(&self, _: sealed::Sealed) -> Option<&Descriptor> {
        Some(&self.descriptor)
    }
}

struct Reading {
    chunks: Chunks,
    /// The last piece waits until the whole is kept: whoever has it may never ask for the end.
    held: Option<Bytes>,
    keeping: Option<Keeping>,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        while let Some(chunk) = self.chunks.try_next().await? {
            let keeping = match self.keeping.take() {
                Some(keeping) => keeping.pass(chunk.clone()).await,
                None => None,
            };
            self.keeping = keeping;
            if let Some(piece) = self.held.replace(chunk) {
                return Ok(Some((piece, self)));
            }
        }
        if let Some(keeping) = self.keeping.take() {
            keeping.finish().await;
        }
        self.chunks = stream::empty().boxed();
        Ok(self.held.take().map(|piece| (piece, self)))
    }
}

/// A blob on its way into the cache. It is written while pieces are passed on; dropping it gives it up.
struct Keeping {
    feed: mpsc::Sender<Bytes>,
    put: BoxFuture<'static, Result<Stored, Error>>,
    reservation: Reservation,
}

impl Keeping {
    fn begin(kept: &Arc<Kept>, reservation: Reservation, descriptor: &Descriptor) -> Self {
        // Room for one piece besides the one that the sender may always send.
        let (feed, pieces) = mpsc::channel(0);
        let fed = Fed {
            descriptor: descriptor.clone(),
            pieces: Mutex::new(Some(pieces)),
        };
        let (cache, descriptor) = (kept.cache.clone(), descriptor.clone());
        let put = async move { cache.put_blob(&descriptor, Arc::new(fed)).await };
        Self {
            feed,
            put: put.boxed(),
            reservation,
        }
    }

    /// Passes a piece on, as soon as the writer has room for it; gives itself back if the blob still is to be kept.
    async fn pass(mut self, piece: Bytes) -> Option<Self> {
        let mut piece = Some(piece);
        let ended = poll_fn(|context| {
            if let Poll::Ready(ended) = self.put.poll_unpin(context) {
                return Poll::Ready(Some(ended));
            }
            match self.feed.poll_ready(context) {
                Poll::Ready(Ok(())) => {
                    let sent = piece.take().map(|piece| self.feed.start_send(piece));
                    // A receiver that is gone means that the writer is about to end.
                    debug_assert!(sent.is_some(), "the piece is sent once");
                    Poll::Ready(None)
                }
                // The writer wants no more; it will end by itself.
                Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
            }
        })
        .await;
        match ended {
            None => Some(self),
            Some(ended) => {
                // It was there before its end came.
                if ended.is_ok() {
                    self.reservation.keep();
                }
                None
            }
        }
    }

    async fn finish(self) {
        let Self { feed, put, reservation } = self;
        drop(feed);
        if put.await.is_ok() {
            reservation.keep();
        }
    }
}

/// What passes, as content for the cache.
struct Fed {
    descriptor: Descriptor,
    pieces: Mutex<Option<mpsc::Receiver<Bytes>>>,
}

impl Fed {
    /// A reader that goes away is no end: who writes may be in a task that stays.
    async fn next((mut pieces, left): Feed) -> Result<Option<(Bytes, Feed)>, Error> {
        match pieces.next().await {
            Some(piece) => {
                let left = left.saturating_sub(piece.len() as u64);
                Ok(Some((piece, (pieces, left))))
            }
            None if left == 0 => Ok(None),
            None => Err(Error::new(
                ErrorKind::Store,
                "the blob was not read to its end, and is not kept",
            )),
        }
    }
}

/// Pieces, and how many bytes are still to come.
type Feed = (mpsc::Receiver<Bytes>, u64);

#[async_trait]
impl Content for Fed {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner).take();
        match pieces {
            Some(pieces) if span.start == 0 => {
                let reading = (pieces, self.descriptor.size);
                Ok(stream::try_unfold(reading, Self::next).boxed())
            }
            _ => Err(Error::new(
                ErrorKind::Store,
                "what passes a cache is there once, as a whole",
            )),
        }
    }

    /// The last piece comes only once the whole was right: see [`Tee`].
    fn checked(&self, _: sealed::Sealed) -> Option<&Descriptor> {
        Some(&self.descriptor)
    }
}
