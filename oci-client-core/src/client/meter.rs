use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use oci_spec_types::{Descriptor, Digest};

use super::Shared;
use super::content::{Chunks, Content, sealed};
use super::observer::Observer;
use super::progress::{BlobEvent, BlobProgress, Direction};
use crate::Error;
use crate::proto::Span;
use crate::runtime::Runtime;

/// Tells the observer of one blob, not more often than it can be drawn. Without an observer it does next to nothing.
pub(super) struct Meter(Option<Inner>);

impl Meter {
    pub(super) fn new(shared: &Shared, descriptor: &Descriptor, direction: Direction) -> Self {
        Self(shared.observer.clone().map(|observer| Inner {
            bytes: AtomicU64::new(0),
            digest: descriptor.digest.clone(),
            direction,
            observer,
            runtime: shared.runtime.clone(),
            size: descriptor.size,
            started: AtomicBool::new(false),
            told: AtomicU64::new(0),
            told_at: AtomicU64::new(0),
        }))
    }

    pub(super) fn started(&self) {
        if let Some(inner) = &self.0 {
            inner.start();
        }
    }

    /// `bytes` more are there.
    pub(super) fn add(&self, bytes: u64) {
        if let Some(inner) = &self.0 {
            inner.bytes.fetch_add(bytes, Ordering::Relaxed);
            inner.sample();
        }
    }

    /// That many are there, in place of what was said before.
    pub(super) fn set(&self, bytes: u64) {
        if let Some(inner) = &self.0 {
            inner.bytes.store(bytes, Ordering::Relaxed);
        }
    }

    pub(super) fn resumed(&self, offset: u64) {
        if let Some(inner) = &self.0 {
            inner.start();
            inner.tell(BlobProgress::Resumed { offset });
        }
    }

    /// The content is read from `start`: a part that follows the one before it is no news.
    fn opened(&self, start: u64) {
        let follows = self
            .0
            .as_ref()
            .is_none_or(|inner| inner.bytes.load(Ordering::Relaxed) == start);
        if start > 0 && !follows {
            self.resumed(start);
        }
        self.set(start);
    }

    /// The transfer is over.
    pub(super) fn ended(&self, progress: BlobProgress) {
        if let Some(inner) = &self.0 {
            inner.start();
            inner.tell_rest();
            inner.tell(progress);
        }
    }
}

/// Content whose bytes are told of as they are taken.
pub(super) struct Metered {
    content: Arc<dyn Content>,
    meter: Arc<Meter>,
}

impl Metered {
    pub(super) const fn new(content: Arc<dyn Content>, meter: Arc<Meter>) -> Self {
        Self { content, meter }
    }
}

#[async_trait]
impl Content for Metered {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let chunks = self.content.open(span).await?;
        self.meter.opened(span.start);
        let meter = self.meter.clone();
        Ok(Box::pin(chunks.inspect_ok(move |chunk| meter.add(chunk.len() as u64))))
    }

    fn checked(&self, sealed: sealed::Sealed) -> Option<&Descriptor> {
        self.content.checked(sealed)
    }
}

struct Inner {
    bytes: AtomicU64,
    digest: Digest,
    direction: Direction,
    observer: Arc<dyn Observer>,
    runtime: Arc<dyn Runtime>,
    size: u64,
    started: AtomicBool,
    /// What was told last.
    told: AtomicU64,
    /// When that was, in nanoseconds.
    told_at: AtomicU64,
}

impl Inner {
    fn start(&self) {
        if !self.started.swap(true, Ordering::Relaxed) {
            self.told_at.store(self.now(), Ordering::Relaxed);
            self.tell(BlobProgress::Started);
        }
    }

    fn sample(&self) {
        self.start();
        let (now, last) = (self.now(), self.told_at.load(Ordering::Relaxed));
        let due = now.saturating_sub(last) >= INTERVAL.as_nanos() as u64;
        // Of several parts that see that it is time, one tells.
        if due
            && self
                .told_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.tell_rest();
        }
    }

    fn tell_rest(&self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        if self.told.swap(bytes, Ordering::Relaxed) != bytes {
            self.tell(BlobProgress::Advanced { bytes });
        }
    }

    fn tell(&self, progress: BlobProgress) {
        self.observer.blob(&BlobEvent {
            digest: &self.digest,
            direction: self.direction,
            progress,
            size: self.size,
        });
    }

    fn now(&self) -> u64 {
        u64::try_from(self.runtime.now().monotonic.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// What is drawn more often than this is not seen.
const INTERVAL: Duration = Duration::from_millis(100);
