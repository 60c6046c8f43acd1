use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_core::future::BoxFuture;
use url::Url;

use super::sink::{Sink, Writing};
use crate::Error;
use crate::client::driver::{Driver, Pause};
use crate::client::meter::Meter;
use crate::client::site::Site;
use crate::proto::{Input, PullBlob};
use crate::transport::TransportError;

/// A part of a blob on its way into the file.
pub(super) struct Part {
    /// How many bytes are held before they are written.
    batch: usize,
    driver: Driver<PullBlob>,
    /// The head of the response, once it is there.
    pause: Option<Pause<()>>,
    meter: Arc<Meter>,
    /// What is missing, but for what is being written.
    range: Range<u64>,
    sink: Sink,
    /// What is being written while more arrives, and how many bytes that is.
    writing: Option<(Writing, u64)>,
}

/// A part that is being fetched.
pub(super) type Running = BoxFuture<'static, Result<Option<Served>, Error>>;

/// Where content came from.
pub(super) struct Served {
    pub(super) site: Arc<Site>,
    /// What answered there, or where it redirects to.
    pub(super) url: Url,
}

impl Part {
    /// The bytes of `range`, which `driver` has a machine for.
    pub(super) const fn new(
        driver: Driver<PullBlob>,
        range: Range<u64>,
        batch: usize,
        sink: Sink,
        meter: Arc<Meter>,
    ) -> Self {
        Self {
            batch,
            driver,
            meter,
            pause: None,
            range,
            sink,
            writing: None,
        }
    }

    /// Asks for the part. Says whether the answer is the whole blob in its place, which then comes instead.
    pub(super) async fn open(&mut self) -> Result<bool, Error> {
        let pause = self.driver.advance(Input::Start).await;
        let mut whole = false;
        if let Pause::Receive { at, limit } = &pause {
            let end = at.saturating_add(*limit);
            whole = end > self.range.end || *at < self.range.start;
            self.range.end = end;
        }
        self.pause = Some(pause);
        Ok(whole)
    }

    /// [`run`](Self::run).
    pub(super) fn start(self) -> Running {
        Box::pin(self.run())
    }

    /// Writes all of it; says where the last of it came from.
    pub(super) async fn run(mut self) -> Result<Option<Served>, Error> {
        let mut pause = match self.pause.take() {
            Some(pause) => pause,
            None => self.driver.advance(Input::Start).await,
        };
        loop {
            match pause {
                Pause::Done(Ok(())) => return Ok(self.served()),
                Pause::Done(Err(error)) => return Err(self.driver.blame(error)),
                Pause::Receive { at, limit } if at.saturating_add(limit) > self.range.end => {
                    self.driver.hang_up();
                    let error = Error::protocol("the registry has stopped sending parts of the blob");
                    return Err(self.driver.blame(error));
                }
                Pause::Receive { at, limit } => {
                    let input = self.receive(at, limit).await?;
                    pause = self.driver.advance(input).await;
                    if matches!(pause, Pause::Receive { .. }) {
                        self.meter.resumed(self.range.start);
                    }
                }
            }
        }
    }

    fn served(&self) -> Option<Served> {
        let (site, url) = (self.driver.ended()?.clone(), self.driver.answered()?.clone());
        Some(Served { site, url })
    }

    /// Writes a body as the bytes from `at` on, at most `limit` of them.
    async fn receive(&mut self, at: u64, limit: u64) -> Result<Input, Error> {
        let (mut len, mut batch, mut held) = (0_u64, Vec::new(), 0_usize);
        let input = loop {
            let mut chunk = match self.driver.chunk().await {
                Some(Ok(chunk)) => chunk,
                ended => break ending(ended, len),
            };
            let offset = at.saturating_add(len);
            let room = limit.saturating_sub(len);
            len = len.saturating_add(chunk.len() as u64);
            chunk.truncate(usize::try_from(room).unwrap_or(usize::MAX));
            // A registry that ignores ranges starts over; what was written before is passed over.
            let reached = self.range.start.saturating_add(held as u64);
            let known = reached.saturating_sub(offset).min(chunk.len() as u64);
            chunk.advance(usize::try_from(known).unwrap_or(chunk.len()));
            held = held.saturating_add(chunk.len());
            if !chunk.is_empty() {
                batch.push(chunk);
            }
            if held >= self.batch {
                self.write(std::mem::take(&mut batch), std::mem::take(&mut held))
                    .await?;
            }
            if len > limit {
                self.driver.hang_up();
                break Input::Received { len };
            }
        };
        self.write(batch, held).await?;
        self.written().await?;
        Ok(input)
    }

    /// Begins to write, once what was to be written before has been.
    async fn write(&mut self, batch: Vec<Bytes>, len: usize) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        self.written().await?;
        let (at, len) = (self.range.start, len as u64);
        self.range.start = at.saturating_add(len);
        self.writing = Some((self.sink.write(at, batch), len));
        Ok(())
    }

    async fn written(&mut self) -> Result<(), Error> {
        if let Some((writing, len)) = self.writing.take() {
            writing.await?;
            self.meter.add(len);
        }
        Ok(())
    }
}

fn ending(ended: Option<Result<Bytes, TransportError>>, len: u64) -> Input {
    match ended {
        Some(Err(error)) => {
            let error = error.into();
            Input::Broken { len, error }
        }
        _ => Input::Received { len },
    }
}
