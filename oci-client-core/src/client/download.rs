//! A blob into a file: in parts or in one stream, from the beginning or from where an earlier run had come to.

mod destination;
mod front;
mod part;
mod sink;

use std::collections::VecDeque;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use oci_spec_types::{Descriptor, Verifier};

use self::part::{Part, Running, Served};
use self::sink::Sink;
use super::meter::Meter;
use super::progress::{BlobProgress, Direction};
use super::{PullOptions, Repository};
use crate::hosts::HostCapabilities;
use crate::proto::{IfWhole, PullBlob};
use crate::{Error, ErrorKind};

impl Repository {
    /// Writes a blob to a file, which gets its name, in place of one that was there, once size and digest are right.
    ///
    /// A large blob comes in parts, several at a time, each a request for a closed range that goes on where its connection broke. The first part's
    /// answer shows whether the registry serves ranges; where it is the whole blob, that one stream is the download. Memory does not depend on the
    /// size of the blob. As long as one connection brings more than a gigabit network does (128 MB/s), part follows part over that one. The requests for parts are marked as [`ParallelPart`](crate::proto::ParallelPart)s, so that a transport over HTTP/2 can give them connections of their own.
    ///
    /// With [`PullOptions::with_resume`] what has arrived stays beside the file as `NAME.DIGEST.partial` (the first 16 digits of the digest) when the
    /// call fails, its future is dropped or the program ends. The next call hashes it again and goes on behind it. Should the whole turn out to be wrong,
    /// it is fetched once more from its beginning, within the same call.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use oci_client_core::client::{Client, PullOptions};
    /// # use oci_client_core::runtime::{ThreadRuntime, block_on};
    /// use oci_spec_types::{Descriptor, MediaType, Reference};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("model.bin");
    /// # let transport = Arc::new(oci_registry::Registry::in_memory());
    /// # let client = Client::new(transport, Arc::new(ThreadRuntime::new()));
    ///
    /// let reference: Reference = "registry.example.com/models".parse()?;
    /// let repository = client.repository(&reference);
    /// let content = bytes::Bytes::from_static(b"weights");
    /// let descriptor = Descriptor::of(MediaType::OCTET_STREAM, &content);
    /// # block_on(async {
    /// repository.push_blob(&descriptor, Arc::new(content)).await?;
    /// let options = PullOptions::new().with_resume(true);
    /// repository.save_blob(&descriptor, &path, &options).await?;
    /// # Ok::<(), oci_client_core::Error>(())
    /// # })?;
    /// assert_eq!(std::fs::read(&path)?, b"weights");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Of kind [`Mismatch`](ErrorKind::Mismatch) if the content is not what its descriptor says, of kind [`Store`](ErrorKind::Store) if the file cannot
    /// be written or its partial file is in use by somebody else, [`Unsupported`](ErrorKind::Unsupported) if this build cannot compute the digest's
    /// algorithm, or whatever kept the content from arriving. Nothing is changed under the name then.
    ///
    /// # Cancellation
    /// A dropped future leaves nothing but a partial file that is to be kept.
    pub async fn save_blob(
        &self,
        descriptor: &Descriptor,
        path: impl Into<PathBuf>,
        options: &PullOptions,
    ) -> Result<(), Error> {
        let download = Download {
            descriptor,
            meter: Arc::new(Meter::new(self.shared(), descriptor, Direction::Download)),
            options,
            repository: self,
            served: Mutex::default(),
        };
        let saved = download.run(path.into(), descriptor.verifier()?).boxed().await;
        download.meter.ended(match saved {
            Ok(()) => BlobProgress::Verified,
            Err(_) => BlobProgress::Failed,
        });
        saved.map_err(|error| error.during(OPERATION))
    }
}

/// One call of `save_blob`.
struct Download<'a> {
    descriptor: &'a Descriptor,
    meter: Arc<Meter>,
    options: &'a PullOptions,
    repository: &'a Repository,
    /// The endpoints that content came from, since it was last found to be wrong.
    served: Mutex<Vec<Served>>,
}

impl Download<'_> {
    async fn run(&self, path: PathBuf, verifier: Verifier) -> Result<(), Error> {
        let runtime = self.repository.shared().runtime.clone();
        let mut sink = Sink::open(path, verifier, self.options.resumes(), runtime).await?;
        self.meter.started();
        let missing = sink.gaps().iter().map(|gap| gap.end.saturating_sub(gap.start)).sum();
        let there = self.descriptor.size.saturating_sub(missing);
        if there > 0 {
            sink.catch_up().await?;
            self.meter.set(there);
            self.meter.resumed(sink.prefix());
        }
        let jobs = self.options.jobs(missing);
        let is_worth_another = there > 0 || jobs > 1 || self.repository.is_mirrored();
        let outcome = match self.fill(&mut sink, jobs).await {
            Ok(()) => self.finish(&sink).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => sink.commit().await,
            // One stream from the registry itself, from the beginning, was what its descriptor says it is, or the registry does not have it.
            Err(error) if error.mismatch().is_some() && is_worth_another => self.afresh(sink).await,
            Err(error) if error.mismatch().is_some() => sink.discard().await.and(Err(error)),
            Err(error) => Err(error),
        }
    }

    /// Whether the whole is right. If not, the endpoints that sent it are not asked again at once, where others can be.
    async fn finish(&self, sink: &Sink) -> Result<(), Error> {
        let Err(mut error) = sink.finish().await else {
            return Ok(());
        };
        let now = self.repository.shared().runtime.now();
        // The last one of them has sent all there is of a single stream; whatever else there was is fetched anew.
        for Served { site, url } in self.served().drain(..).rev() {
            error = error.at(&url);
            site.host().note(now, Some(&error));
        }
        Err(error)
    }

    fn served(&self) -> MutexGuard<'_, Vec<Served>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers an endpoint that content came from, once however many parts came from there.
    fn note(&self, served: Option<Served>) {
        let Some(served) = served else { return };
        let mut all = self.served();
        if !all.iter().any(|other| Arc::ptr_eq(&other.site, &served.site)) {
            all.push(served);
        }
    }

    /// Once more, from the beginning and in one stream: an earlier run, a mirror, or parts of different content, may have been wrong.
    async fn afresh(&self, sink: Sink) -> Result<(), Error> {
        let sink = sink.emptied().await?;
        self.meter.set(0);
        self.meter.resumed(0);
        let outcome = match self.stream(&sink).await {
            Ok(()) => self.finish(&sink).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => sink.commit().await,
            Err(error) if error.mismatch().is_some() => sink.discard().await.and(Err(error)),
            Err(error) => Err(error),
        }
    }

    async fn fill(&self, sink: &mut Sink, jobs: usize) -> Result<(), Error> {
        let gaps = sink.gaps();
        if jobs == 1 && gaps.iter().all(|gap| gap.end == self.descriptor.size) {
            return self.stream(sink).await;
        }
        match self.parts(sink, gaps, jobs).await {
            // Ranges are not what they should be here: what is there from the beginning on is good for one stream.
            Err(error) if PARTS_AT_FAULT.contains(&error.kind()) => {
                *sink = sink.settled().await?;
                self.stream(sink).await
            }
            other => other,
        }
    }

    /// All that is missing behind the prefix, in one stream.
    async fn stream(&self, sink: &Sink) -> Result<(), Error> {
        sink.expect_stream().await?;
        let range = sink.prefix()..self.descriptor.size;
        let served = self.part(range, IfWhole::Take, sink, 1).run().await?;
        self.note(served);
        Ok(())
    }

    /// All that is missing, in parts.
    async fn parts(&self, sink: &Sink, gaps: Vec<Range<u64>>, jobs: usize) -> Result<(), Error> {
        let mut missing = Missing::new(gaps, self.options.part_size());
        let Some(range) = missing.next() else {
            return Ok(());
        };
        let mut first = self.part(range, IfWhole::Take, sink, jobs);
        if first.open().await? {
            sink.expect_stream().await?;
            let served = first.run().await?;
            self.note(served);
            return Ok(());
        }
        sink.expect_parts().await?;
        let mut running = FuturesUnordered::new();
        running.extend(self.while_fast(first, &mut missing, sink, jobs).await?);
        loop {
            while running.len() < jobs
                && let Some(range) = missing.next()
            {
                running.push(self.part(range, IfWhole::Skip { most: 0 }, sink, jobs).start());
            }
            match running.next().await {
                Some(served) => self.note(served?),
                None => return Ok(()),
            }
        }
    }

    /// One part after the other, each larger than the one before, as long as one connection brings more than a network does: several would only compete for the processor, and
    /// what comes before its turn has to be read again. Gives the part that took longer than that.
    async fn while_fast(
        &self,
        first: Part,
        missing: &mut Missing,
        sink: &Sink,
        jobs: usize,
    ) -> Result<Option<Running>, Error> {
        let mut length = self.options.part_size();
        let mut part = first.start();
        if length < FAST_FROM {
            return Ok(Some(part));
        }
        loop {
            let patience = Duration::from_millis(length / FAST);
            match select(part, self.repository.shared().runtime.sleep(patience)).await {
                Either::Left((served, _)) => self.note(served?),
                Either::Right(((), late)) => return Ok(Some(late)),
            }
            length = length.saturating_mul(GROWTH);
            let Some(range) = missing.take(length) else {
                return Ok(None);
            };
            part = self.part(range, IfWhole::Skip { most: 0 }, sink, jobs).start();
        }
    }

    fn part(&self, range: Range<u64>, if_whole: IfWhole, sink: &Sink, jobs: usize) -> Part {
        let (digest, size, wanted) = (self.descriptor.digest.clone(), self.descriptor.size, range.clone());
        let make = move |name, at| {
            let rest = wanted.start.max(at).min(wanted.end)..wanted.end;
            let part = PullBlob::part(name, digest.clone(), size, rest, if_whole);
            if jobs > 1 { part.in_parallel() } else { part }
        };
        let driver = self
            .repository
            .reading(OPERATION, HostCapabilities::PULL, make, |()| false);
        Part::new(
            driver,
            range,
            self.options.batch(jobs),
            sink.clone(),
            self.meter.clone(),
        )
    }
}

/// What nobody has begun to fetch, in pieces.
struct Missing {
    gaps: VecDeque<Range<u64>>,
    size: u64,
}

impl Missing {
    fn new(gaps: Vec<Range<u64>>, size: u64) -> Self {
        Self {
            gaps: gaps.into(),
            size,
        }
    }

    /// The next `size` bytes, or fewer up to the end of a gap.
    fn take(&mut self, size: u64) -> Option<Range<u64>> {
        let gap = self.gaps.front_mut()?;
        let piece = gap.start..gap.start.saturating_add(size).min(gap.end);
        gap.start = piece.end;
        if gap.is_empty() {
            self.gaps.pop_front();
        }
        Some(piece)
    }
}

impl Iterator for Missing {
    type Item = Range<u64>;

    fn next(&mut self) -> Option<Range<u64>> {
        self.take(self.size)
    }
}

/// How a download fails that may well succeed without parts.
const PARTS_AT_FAULT: [ErrorKind; 3] = [ErrorKind::Mismatch, ErrorKind::Protocol, ErrorKind::Refused];

/// How many bytes in a millisecond are fast: 128 MB/s, more than a gigabit network carries.
const FAST: u64 = 128_000;

/// Smaller parts say nothing of how fast a connection is: 8 MiB.
const FAST_FROM: u64 = 8 << 20;

/// How much larger each part is than the one before while a connection is fast.
const GROWTH: u64 = 4;

const OPERATION: &str = "pull blob";
