use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use oci_spec_types::{Algorithm, Digest, Hasher, UnsupportedAlgorithm};

use super::content::{Chunks, Content};
use crate::proto::{Span, UploadStream};
use crate::{Error, ErrorKind};

/// Content that can be read once, hashed on the way. The last of what was read is held, so that an upload can go a little back.
pub(super) struct OneShot {
    state: Arc<Mutex<State>>,
}

impl OneShot {
    pub(super) fn new(chunks: Chunks) -> Result<Self, UnsupportedAlgorithm> {
        let state = State {
            chunks,
            digest: None,
            end: 0,
            hasher: Some(Algorithm::SHA256.hasher()?),
            held: VecDeque::new(),
            held_from: 0,
            rest: Bytes::new(),
            small: BytesMut::new(),
        };
        Ok(Self {
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// The digest of the whole, once it has been read to its end.
    pub(super) fn digest(&self) -> Option<Digest> {
        lock(&self.state).digest.clone()
    }

    /// Reads what `span` names, so that it is held. If the content ends before, gives how much of it there is.
    pub(super) async fn gather(&self, span: Span) -> Result<Option<u64>, Error> {
        let Some(end) = span.len.and_then(|len| span.start.checked_add(len)) else {
            return Ok(None);
        };
        poll_fn(|context| lock(&self.state).read_up_to(end, context)).await?;
        let state = lock(&self.state);
        Ok((state.end < end).then(|| state.end.saturating_sub(span.start)))
    }

    /// The most bytes that are held of what was read, besides the last piece: 16 MiB.
    pub(super) const WINDOW: u64 = UploadStream::HELD;

    /// Pieces that are smaller than this are held as copies, many in one: each by itself may keep a large buffer alive, and a million of them take more than their content. 64 KiB.
    const SMALL: usize = 64 << 10;
}

#[async_trait]
impl Content for OneShot {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let held_from = lock(&self.state).held_from;
        if span.start < held_from {
            let message = format!(
                "the upload would have to go on at byte {}, but the stream is held from byte {held_from} on only; push from content that can be opened again",
                span.start
            );
            return Err(Error::new(ErrorKind::Store, message));
        }
        let state = self.state.clone();
        let (mut at, end) = (span.start, span.len.map(|len| span.start.saturating_add(len)));
        Ok(Box::pin(stream::poll_fn(move |context| {
            if end.is_some_and(|end| at >= end) {
                return Poll::Ready(None);
            }
            let piece = ready!(lock(&state).piece(at, context));
            Poll::Ready(piece.map(|piece| {
                let mut piece = piece?;
                let room = end.map_or(u64::MAX, |end| end.saturating_sub(at));
                piece.truncate(usize::try_from(room).unwrap_or(usize::MAX));
                at = at.saturating_add(piece.len() as u64);
                Ok(piece)
            }))
        })))
    }
}

struct State {
    chunks: Chunks,
    digest: Option<Digest>,
    /// How much was read.
    end: u64,
    /// Gone once the digest is known.
    hasher: Option<Hasher>,
    held: VecDeque<Bytes>,
    /// The offset of the first byte that is held.
    held_from: u64,
    /// What the stream has given beyond what was asked of it, which counts as not read.
    rest: Bytes,
    /// The small pieces that came last, behind those in `held`.
    small: BytesMut,
}

impl State {
    /// The next piece from `at` on: of what is held, or of what is still to be read.
    fn piece(&mut self, at: u64, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if at < self.end {
            return Poll::Ready(self.held_at(at).map(Ok));
        }
        if self.hasher.is_none() {
            return Poll::Ready(None);
        }
        self.read(u64::MAX, context)
    }

    /// Reads until `end` bytes are read, or all.
    fn read_up_to(&mut self, end: u64, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.end < end && self.hasher.is_some() {
            if let Some(Err(error)) = ready!(self.read(end.saturating_sub(self.end), context)) {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads and holds what comes next, no more than `most` of it.
    fn read(&mut self, most: u64, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let chunk = match self.rest.is_empty() {
            true => ready!(self.chunks.poll_next_unpin(context)),
            false => Some(Ok(std::mem::take(&mut self.rest))),
        };
        Poll::Ready(match chunk {
            Some(Ok(mut chunk)) => {
                let most = usize::try_from(most).unwrap_or(usize::MAX);
                self.rest = chunk.split_off(chunk.len().min(most));
                self.hold(chunk.clone());
                Some(Ok(chunk))
            }
            Some(Err(error)) => Some(Err(error)),
            None => {
                self.digest = self.hasher.take().map(Hasher::finish);
                None
            }
        })
    }

    fn held_at(&self, at: u64) -> Option<Bytes> {
        let mut begin = self.held_from;
        for piece in &self.held {
            let end = begin.saturating_add(piece.len() as u64);
            if at < end {
                let skipped = usize::try_from(at.checked_sub(begin)?).ok()?;
                return Some(piece.slice(skipped..));
            }
            begin = end;
        }
        let skipped = usize::try_from(at.checked_sub(begin)?).ok()?;
        self.small.get(skipped..).map(Bytes::copy_from_slice)
    }

    fn hold(&mut self, chunk: Bytes) {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&chunk);
        }
        self.end = self.end.saturating_add(chunk.len() as u64);
        let is_small = chunk.len() < OneShot::SMALL;
        if is_small {
            self.small.extend_from_slice(&chunk);
        }
        if !self.small.is_empty() && (!is_small || self.small.len() >= OneShot::SMALL) {
            self.held.push_back(std::mem::take(&mut self.small).freeze());
        }
        if !is_small {
            self.held.push_back(chunk);
        }
        while let Some(first) = self.held.front().map(|first| first.len() as u64) {
            let without = self.held_from.saturating_add(first);
            if self.end.saturating_sub(without) < OneShot::WINDOW {
                break;
            }
            self.held.pop_front();
            self.held_from = without;
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
