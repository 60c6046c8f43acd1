use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use futures_util::{StreamExt, stream};
use oci_spec_types::Descriptor;

use crate::client::{Chunks, Content, Repository, UnverifiedBlob, sealed};
use crate::proto::Span;
use crate::{Error, ErrorKind};

/// A blob in a registry, as content for another store.
///
/// Parts that follow one another come from one reading of the blob, which is verified to its end. What has to go up once more lies before the place that the reading has come
/// to: that much is fetched again by ranges, and is as unverified as a part of any other content. Whoever takes the parts checks the whole.
pub(super) struct RemoteBlob {
    descriptor: Descriptor,
    repository: Repository,
    spare: Arc<Spare>,
}

/// The reading, while no part is being taken from it.
type Spare = Mutex<Option<Reading>>;

impl RemoteBlob {
    pub(super) fn new(repository: Repository, descriptor: Descriptor) -> Self {
        Self {
            descriptor,
            repository,
            spare: Arc::default(),
        }
    }

    /// The reading that is there already, unless the blob is wanted from its beginning on, as the whole always is.
    fn reading(&self, from: u64) -> Result<Reading, Error> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        match spare.filter(|_| from > 0) {
            Some(reading) => Ok(reading),
            None => self.begin(),
        }
    }

    fn begin(&self) -> Result<Reading, Error> {
        Ok(Reading {
            at: 0,
            chunks: self.repository.blob(&self.descriptor)?.into_chunks(),
            rest: Bytes::new(),
        })
    }

    fn part(&self, at: u64, end: Option<u64>, reading: Reading) -> Chunks {
        let mut part = Part {
            at,
            end,
            reading: Some(reading),
            spare: self.spare.clone(),
        };
        Box::pin(stream::poll_fn(move |context| part.next(context)))
    }
}

#[async_trait]
impl Content for RemoteBlob {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let end = span.len.map(|len| span.start.saturating_add(len));
        // The end of the blob is where the reading says so, once it has verified the whole.
        let end = end.filter(|end| *end < self.descriptor.size);
        let reading = self.reading(span.start)?;
        if span.start >= reading.at {
            return Ok(self.part(span.start, end, reading));
        }
        let known = reading.at.min(end.unwrap_or(u64::MAX));
        let mut blob = self.repository.blob_unverified(&self.descriptor).with_read_ahead(0);
        match again(&mut blob, span.start..known).await {
            Ok(first) => Ok(Box::pin(
                repeated(blob, first, span.start..known).chain(self.part(known, end, reading)),
            )),
            // The registry has no ranges.
            Err(error) if error.kind() == ErrorKind::Protocol => Ok(self.part(span.start, end, self.begin()?)),
            Err(error) => Err(error),
        }
    }

    fn repository(&self, _: sealed::Sealed) -> Option<&Repository> {
        Some(&self.repository)
    }

    fn checked(&self, _: sealed::Sealed) -> Option<&Descriptor> {
        Some(&self.descriptor)
    }
}

struct Reading {
    /// The offset of what comes next.
    at: u64,
    chunks: Chunks,
    /// What has come and was not asked for yet.
    rest: Bytes,
}

/// A part of the blob, which gives the reading back as soon as it has ended or is dropped.
struct Part {
    at: u64,
    /// `None`: the end of the blob.
    end: Option<u64>,
    reading: Option<Reading>,
    spare: Arc<Spare>,
}

impl Part {
    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let left = self.end.map_or(u64::MAX, |end| end.saturating_sub(self.at));
            if left == 0 {
                self.give_back();
            }
            let Some(reading) = &mut self.reading else {
                return Poll::Ready(None);
            };
            if reading.rest.is_empty() {
                match ready!(reading.chunks.poll_next_unpin(context)) {
                    Some(Ok(chunk)) => reading.rest = chunk,
                    ended => {
                        self.reading = None;
                        return Poll::Ready(ended);
                    }
                }
            }
            reading.skip_to(self.at);
            if !reading.rest.is_empty() {
                let piece = reading.take(left);
                self.at = reading.at;
                if self.end == Some(self.at) {
                    // Whoever knows the length of the part does not ask for its end.
                    self.give_back();
                }
                return Poll::Ready(Some(Ok(piece)));
            }
        }
    }

    fn give_back(&mut self) {
        if let Some(reading) = self.reading.take() {
            let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
            spare.get_or_insert(reading);
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl Reading {
    fn skip_to(&mut self, at: u64) {
        let before = clamp(at.saturating_sub(self.at), self.rest.len());
        self.rest.advance(before);
        self.at = self.at.saturating_add(before as u64);
    }

    fn take(&mut self, most: u64) -> Bytes {
        let piece = self.rest.split_to(clamp(most, self.rest.len()));
        self.at = self.at.saturating_add(piece.len() as u64);
        piece
    }
}

/// The bytes of `range`, of which the first piece is there.
fn repeated(blob: UnverifiedBlob, first: Bytes, range: Range<u64>) -> Chunks {
    let rest = range.start.saturating_add(first.len() as u64)..range.end;
    let rest = stream::try_unfold((blob, rest), |(mut blob, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let piece = again(&mut blob, range.clone()).await?;
        let next = range.start.saturating_add(piece.len() as u64)..range.end;
        Ok(Some((piece, (blob, next))))
    });
    Box::pin(stream::iter([Ok(first)]).chain(rest))
}

/// The first bytes of `range`, which is not empty.
async fn again(blob: &mut UnverifiedBlob, range: Range<u64>) -> Result<Bytes, Error> {
    let wanted = clamp(range.end.saturating_sub(range.start), PIECE);
    let piece = blob.read_at(range.start, wanted).await?;
    if piece.is_empty() {
        return Err(Error::protocol(
            "the registry sends nothing of the blob where it has sent it before",
        ));
    }
    Ok(piece)
}

fn clamp(length: u64, most: usize) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).min(most)
}

/// How much is fetched again with one request: 1 MiB.
const PIECE: usize = 1 << 20;
