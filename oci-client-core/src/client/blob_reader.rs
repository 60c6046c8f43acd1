use std::fmt;
use std::path::PathBuf;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream;
use oci_spec_types::{Digest, Verifier};

use super::content::Chunks;
use super::driver::{Driver, Pause};
use super::meter::Meter;
use super::progress::BlobProgress;
use crate::partial_file::PartialFile;
use crate::proto::{Input, PullBlob};
use crate::transport::TransportError;
use crate::{Error, ErrorKind};

/// A blob on its way, in pieces, verified.
///
/// The last piece is held back until size and digest are right, so a reading that reaches its end has read the right
/// content, and one that cannot reach it ends in an error. Lost connections are taken up again at the byte where they broke.
pub struct BlobReader {
    driver: Driver<PullBlob>,
    held: Option<Bytes>,
    meter: Meter,
    state: State,
    verifier: Verifier,
}

impl BlobReader {
    pub(super) const fn new(driver: Driver<PullBlob>, verifier: Verifier, meter: Meter) -> Self {
        Self {
            driver,
            held: None,
            meter,
            state: State::Between(Some(Input::Start)),
            verifier,
        }
    }

    /// The digest that the content is checked against.
    pub const fn digest(&self) -> &Digest {
        self.verifier.digest()
    }

    /// The size in bytes that the content is checked against.
    pub const fn size(&self) -> u64 {
        self.verifier.size()
    }

    /// The next piece; `None` at the end, which is only reached by content that is whole and has the right digest.
    ///
    /// # Errors
    /// Of kind [`Mismatch`](ErrorKind::Mismatch) if the content is not what its descriptor says, or whatever kept the rest from arriving. Every
    /// call after an error is an error too.
    ///
    /// # Cancellation
    /// A future dropped before it was ready loses its place: the next call is an error. Use [`into_chunks`](Self::into_chunks) where readings are
    /// raced against something else.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match &mut self.state {
                State::Between(input) => {
                    let Some(input) = input.take() else {
                        return Err(Error::misuse("a reading of this blob was abandoned half-way"));
                    };
                    self.meter.started();
                    match self.driver.advance(input).await {
                        Pause::Done(Ok(())) => return self.end(),
                        Pause::Done(Err(error)) => return self.fail(error),
                        Pause::Receive { at, limit } => {
                            let known = self.verifier.position();
                            if known > 0 {
                                self.meter.resumed(known);
                            }
                            self.state = State::Receiving { at, len: 0, limit };
                        }
                    }
                }
                State::Ended => return Ok(None),
                State::Failed => return Err(Error::misuse("this reading of the blob has failed before")),
                State::Receiving { .. } => {
                    let chunk = self.driver.chunk().await;
                    match self.receive(chunk) {
                        Ok(None) => {}
                        Ok(chunk) => return Ok(chunk),
                        Err(error) => return self.fail(error),
                    }
                }
            }
        }
    }

    /// What has not been read yet, in memory, if the blob has at most `limit` bytes.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and of kind [`TooLarge`](ErrorKind::TooLarge), before anything is read, if the descriptor promises more than `limit`.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        if self.size() > limit as u64 {
            let size = self.size();
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("the blob has {size} bytes, more than the limit of {limit}"),
            ));
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// Writes the blob to a file, which gets its name, in place of one that was there, once size and digest are right.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and of kind [`Store`](ErrorKind::Store) if the file cannot be written. Nothing is left under the name then, and no partial
    /// file beside it. Of kind [`Misuse`](ErrorKind::Misuse) if some of the blob has been read already: the file would lack that.
    ///
    /// # Cancellation
    /// A dropped future leaves nothing.
    pub async fn save(self, path: impl Into<PathBuf>) -> Result<(), Error> {
        if !matches!(self.state, State::Between(Some(Input::Start))) {
            return Err(Error::misuse(
                "a blob of which some has been read cannot be saved any more",
            ));
        }
        let (runtime, path) = (self.driver.runtime(), path.into());
        // The chunks come out verified.
        PartialFile::write_whole(path, &*runtime, None, self.into_chunks(), PartialFile::commit).await
    }

    /// The pieces as a stream, which may be polled and left alone at will.
    pub fn into_chunks(self) -> Chunks {
        Box::pin(stream::try_unfold(self, |mut reader| async move {
            Ok(reader.chunk().await?.map(|chunk| (chunk, reader)))
        }))
    }

    /// Takes what came of the body; gives what may be passed on.
    fn receive(&mut self, chunk: Option<Result<Bytes, TransportError>>) -> Result<Option<Bytes>, Error> {
        let State::Receiving { at, len, limit } = &mut self.state else {
            return Ok(None);
        };
        let mut chunk = match chunk {
            Some(Ok(chunk)) => chunk,
            Some(Err(error)) => {
                let (len, error) = (*len, error.into());
                self.state = State::Between(Some(Input::Broken { len, error }));
                return Ok(None);
            }
            None => {
                self.state = State::Between(Some(Input::Received { len: *len }));
                return Ok(None);
            }
        };
        let offset = at.saturating_add(*len);
        *len = len.saturating_add(chunk.len() as u64);
        if *len > *limit {
            let len = *len;
            self.driver.hang_up();
            self.state = State::Between(Some(Input::Received { len }));
            return Ok(None);
        }
        // A registry that ignores ranges starts over; what was read before is passed over.
        let known = self.verifier.position().saturating_sub(offset).min(chunk.len() as u64);
        chunk.advance(usize::try_from(known).unwrap_or(chunk.len()));
        self.verifier.update(&chunk)?;
        self.meter.add(chunk.len() as u64);
        if self.verifier.remaining() == 0 && !chunk.is_empty() {
            self.held = Some(chunk);
            return Ok(None);
        }
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    fn end(&mut self) -> Result<Option<Bytes>, Error> {
        self.state = State::Ended;
        match self.verifier.clone().finish() {
            Ok(()) => {
                self.meter.ended(BlobProgress::Verified);
                Ok(self.held.take())
            }
            Err(mismatch) => {
                let error = mismatch.into();
                self.driver.distrust(&error);
                self.fail(error)
            }
        }
    }

    fn fail(&mut self, error: Error) -> Result<Option<Bytes>, Error> {
        self.state = State::Failed;
        self.held = None;
        self.driver.hang_up();
        self.meter.ended(BlobProgress::Failed);
        Err(self.driver.blame(error).during("pull blob"))
    }
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verifier, .. } = self;
        let (digest, position) = (verifier.digest(), verifier.position());
        formatter
            .debug_struct("BlobReader")
            .field("digest", digest)
            .field("position", &position)
            .finish_non_exhaustive()
    }
}

#[expect(clippy::large_enum_variant, reason = "there is one of it in each reader")]
enum State {
    /// Between two bodies; empty while the machine is being driven.
    Between(Option<Input>),
    Ended,
    Failed,
    Receiving {
        at: u64,
        len: u64,
        limit: u64,
    },
}
