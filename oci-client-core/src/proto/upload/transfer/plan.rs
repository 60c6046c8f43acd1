use crate::proto::HostMemory;
use crate::proto::machine::Now;

/// In which parts the content goes up, and how long that may fail.
#[derive(Debug)]
pub(in crate::proto::upload) struct Plan {
    advanced: bool,
    /// The largest part; `None`: everything in one request.
    chunk: Option<u64>,
    /// Interruptions since the last progress.
    failures: u32,
    /// How far the last progress led.
    mark: u64,
    /// How much the registry has acknowledged in all.
    most_taken: u64,
    /// The parts that were acknowledged, counting what came before the first one.
    parts: u64,
    /// Replies since the last progress.
    stalls: u32,
    stepped_back: bool,
}

impl Plan {
    /// Everything in one request, until something speaks against it.
    pub(in crate::proto::upload) const fn whole() -> Self {
        Self {
            advanced: false,
            chunk: None,
            failures: 0,
            mark: 0,
            most_taken: 0,
            parts: 0,
            stalls: 0,
            stepped_back: false,
        }
    }

    /// What is known of the host decides about `size` bytes; `broken`: another session has come to nothing. A host that has refused parts gets none, whatever is configured.
    pub(in crate::proto::upload) fn of(host: &HostMemory, now: Now, size: u64, broken: bool) -> Self {
        let mut plan = Self::whole();
        let known = &host.capabilities;
        let refused = known.whole_refused.known(now).is_some_and(|least| size >= least);
        let configured = host.profile().largest_upload().is_some_and(|most| size > most);
        if known.chunks.known(now) != Some(false) && size > 0 && (configured || refused || broken) {
            plan.in_chunks();
        }
        plan
    }

    /// The same for content of unknown length: parts where the host is known to take no more than so much at a time.
    pub(in crate::proto::upload) fn of_stream(host: &HostMemory, now: Now) -> Self {
        let mut plan = Self::whole();
        let known = &host.capabilities;
        let limited = known.chunk.known(now).or(known.whole_refused.known(now));
        let limited = limited.or(host.profile().largest_upload()).is_some();
        if limited && known.chunks.known(now) != Some(false) {
            plan.in_chunks();
        }
        plan
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.chunk.is_none()
    }

    /// Everything in one request after all.
    pub(super) const fn at_once(&mut self) {
        self.chunk = None;
    }

    pub(super) fn in_chunks(&mut self) {
        self.chunk.get_or_insert(u64::MAX);
    }

    /// The size of the next part: as configured, less where the host or this upload has shown that it must be, and no less than the host allows.
    pub(super) fn chunk(&self, host: &HostMemory, now: Now, least: u64) -> u64 {
        let profile = host.profile();
        let most = host.capabilities.chunk.known(now).unwrap_or(u64::MAX);
        let most = most.min(profile.largest_upload().unwrap_or(u64::MAX));
        let wanted = self.chunk.unwrap_or(u64::MAX).min(profile.chunk());
        wanted.min(most).max(least).max(1)
    }

    /// The host refuses parts of `tried` bytes, and takes none below `least`; says whether smaller ones are worth a try.
    pub(in crate::proto::upload) fn shrink(&mut self, host: &mut HostMemory, now: Now, tried: u64, least: u64) -> bool {
        if tried <= least.max(SMALLEST) {
            return false;
        }
        if self.is_whole() {
            host.capabilities.whole_refused.learn(now, tried);
        }
        let less = (tried / 2).clamp(SMALLEST, host.profile().chunk().max(SMALLEST));
        host.capabilities.chunk.learn(now, less);
        self.chunk = Some(less);
        true
    }

    /// A part was interrupted and nothing of it was kept: less of the next one can be lost.
    pub(super) fn shrink_after_break(&mut self, tried: u64) {
        self.chunk = Some((tried / 2).max(SMALLEST));
    }

    /// The registry has acknowledged the part from `start` and everything before it.
    pub(super) fn took(&mut self, start: u64, end: u64) {
        self.most_taken = self.most_taken.max(end);
        if start > 0 && self.parts == 0 {
            // What a broken request had brought.
            self.parts = 1;
        }
        self.parts = self.parts.saturating_add(1);
    }

    pub(super) const fn most_taken(&self) -> u64 {
        self.most_taken
    }

    /// Whether `total` bytes went up in more than one part.
    pub(super) const fn had_several(&self, total: Option<u64>) -> bool {
        total.is_some() && self.parts > 1
    }

    /// Whether this is the first time that the registry has less than it acknowledged.
    pub(super) const fn step_back(&mut self) -> bool {
        !std::mem::replace(&mut self.stepped_back, true)
    }

    /// The registry has `at` bytes; says whether that is reason enough to go on. An `excused` reply need not be progress.
    pub(super) fn reached(&mut self, at: u64, total: Option<u64>, excused: bool) -> bool {
        let rest = total.map_or(u64::MAX, |total| total.saturating_sub(self.mark));
        let enough = (rest / 16).clamp(1, ENOUGH_PROGRESS);
        if at >= self.mark.saturating_add(enough) {
            (self.mark, self.failures, self.stalls) = (at, 0, 0);
            self.advanced = true;
        } else if !excused && total != Some(at) {
            self.stalls = self.stalls.saturating_add(1);
        }
        self.stalls < MAX_STALLS
    }

    /// An interruption; says whether there may be another try.
    pub(super) fn failed(&mut self, host: &HostMemory) -> bool {
        self.failures = self.failures.saturating_add(1);
        // The session counts those that it retries; what comes on top are interruptions for authorization.
        self.failures <= host.profile().retry().retries().saturating_add(MAX_STALLS)
    }

    /// Whether there was progress since the last request.
    pub(super) const fn take_advance(&mut self) -> bool {
        std::mem::replace(&mut self.advanced, false)
    }
}

/// Arrived since the last progress, this much is progress again, as is a sixteenth of what was missing: 64 KiB.
const ENOUGH_PROGRESS: u64 = 64 << 10;

/// How many replies in a row without progress end an upload.
const MAX_STALLS: u32 = 3;

/// No part is made smaller than this for having been refused or interrupted: 64 KiB.
const SMALLEST: u64 = 64 << 10;
