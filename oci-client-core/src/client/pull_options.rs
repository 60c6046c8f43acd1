/// How [`Repository::save_blob`](super::Repository::save_blob) gets a blob.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PullOptions {
    jobs: usize,
    memory: usize,
    part_size: u64,
    resume: bool,
    threshold: u64,
}

impl PullOptions {
    /// Large blobs in [`DEFAULT_JOBS`](Self::DEFAULT_JOBS) parts at a time, and nothing kept of what fails.
    pub const fn new() -> Self {
        Self {
            jobs: Self::DEFAULT_JOBS,
            memory: Self::DEFAULT_MEMORY,
            part_size: Self::DEFAULT_PART_SIZE,
            resume: false,
            threshold: Self::DEFAULT_THRESHOLD,
        }
    }

    /// How many parts of a blob are on their way at a time; 0 counts as 1, which is one stream.
    #[must_use]
    pub const fn with_jobs(mut self, jobs: usize) -> Self {
        self.jobs = if jobs == 0 { 1 } else { jobs };
        self
    }

    /// How many bytes of all parts together may be held on their way to the file, besides what the transport holds. Fewer parts run at a time where
    /// this is less than 128 KiB for each.
    #[must_use]
    pub const fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// The size of a part in bytes; 0 counts as 1. Each part costs a request, and one more where the registry redirects to another server.
    #[must_use]
    pub const fn with_part_size(mut self, bytes: u64) -> Self {
        self.part_size = if bytes == 0 { 1 } else { bytes };
        self
    }

    /// Whether what has arrived is kept when the download fails or the program ends, and gone on with by the next call for the same blob and path.
    #[must_use]
    pub const fn with_resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Of how many bytes something must be missing for it to be fetched in parts rather than in one stream.
    #[must_use]
    pub const fn with_threshold(mut self, bytes: u64) -> Self {
        self.threshold = bytes;
        self
    }

    /// How many parts are on their way at a time by default.
    pub const DEFAULT_JOBS: usize = 8;

    /// How many bytes are held by default: 8 MiB.
    pub const DEFAULT_MEMORY: usize = 8 << 20;

    /// The size of a part by default: 16 MiB.
    pub const DEFAULT_PART_SIZE: u64 = 16 << 20;

    /// From what size on a blob comes in parts by default: 64 MiB.
    pub const DEFAULT_THRESHOLD: u64 = 64 << 20;

    /// How many parts are on their way at a time while `missing` bytes are to come.
    pub(super) const fn jobs(&self, missing: u64) -> usize {
        if missing < self.threshold || missing <= self.part_size {
            return 1;
        }
        let held = self.memory / (BATCHES * SMALLEST_BATCH);
        match (held, self.jobs) {
            (0, _) => 1,
            (held, jobs) if held < jobs => held,
            (_, jobs) => jobs,
        }
    }

    /// How many bytes each of `jobs` parts holds before it writes them.
    pub(super) fn batch(&self, jobs: usize) -> usize {
        let share = self
            .memory
            .checked_div(jobs.saturating_mul(BATCHES))
            .unwrap_or(self.memory);
        share.clamp(SMALLEST_BATCH, LARGEST_BATCH)
    }

    pub(super) const fn part_size(&self) -> u64 {
        self.part_size
    }

    pub(super) const fn resumes(&self) -> bool {
        self.resume
    }
}

impl Default for PullOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// How many batches a part holds: one that arrives and one that is being written.
const BATCHES: usize = 2;

/// Less than this is not worth a write: 64 KiB.
const SMALLEST_BATCH: usize = 64 << 10;

/// More than this makes no write faster, and would be lost when the process is killed: 256 KiB.
const LARGEST_BATCH: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_bounds_how_many_parts_run_and_what_each_holds() {
        let options = PullOptions::new().with_threshold(0).with_jobs(8);
        for (memory, jobs, batch) in [
            (0, 1, SMALLEST_BATCH),
            (SMALLEST_BATCH * 6, 3, SMALLEST_BATCH),
            (SMALLEST_BATCH * 32, 8, SMALLEST_BATCH * 2),
            (usize::MAX, 8, LARGEST_BATCH),
        ] {
            let options = options.with_memory(memory);
            assert_eq!((options.jobs(1 << 30), options.batch(jobs)), (jobs, batch));
        }
    }

    #[test]
    fn what_is_small_comes_in_one_stream() {
        let options = PullOptions::new().with_threshold(100).with_part_size(200).with_jobs(4);
        for (missing, jobs) in [(0, 1), (99, 1), (200, 1), (201, 4)] {
            assert_eq!(options.jobs(missing), jobs, "{missing}");
        }
        assert_eq!(options.with_jobs(0).jobs(1000), 1);
    }
}
