use std::fmt;
use std::sync::Arc;

use oci_spec_types::{Descriptor, Platform};

use crate::store::{Source, Stored, Target};

/// How to copy.
#[derive(Clone)]
pub struct CopyOptions {
    pub(super) digest_tags: bool,
    pub(super) dry_run: bool,
    pub(super) jobs: usize,
    pub(super) keep_going: bool,
    pub(super) observer: Option<Arc<Observer>>,
    pub(super) platforms: Platforms,
    pub(super) referrers: bool,
    pub(super) referrers_source: Option<Arc<dyn Source>>,
    pub(super) referrers_target: Option<Arc<dyn Target>>,
    pub(super) repair: bool,
}

impl CopyOptions {
    /// Everything below the root, up to [`DEFAULT_JOBS`](Self::DEFAULT_JOBS) blobs at a time, until something fails.
    pub const fn new() -> Self {
        Self {
            digest_tags: false,
            dry_run: false,
            jobs: Self::DEFAULT_JOBS,
            keep_going: false,
            observer: None,
            platforms: Platforms::All,
            referrers: false,
            referrers_source: None,
            referrers_target: None,
            repair: false,
        }
    }

    /// How many blobs are on their way at a time at most; 0 counts as 1. More than [`LARGE_JOBS`](Self::LARGE_JOBS) are as long as they have no more than
    /// [`IN_FLIGHT`](Self::IN_FLIGHT) bytes together: small blobs wait for answers, large ones for each other. How many requests a registry gets at once is besides bounded by its client.
    #[must_use]
    pub fn with_jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Copies only the image for `platform` where the root is an index: that image becomes the root. The last choice of platforms counts.
    #[must_use]
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platforms = Platforms::Single(platform);
        self
    }

    /// Copies the root as it is, and of its images those for `platforms` only, where the root is an index: a sparse index, which keeps its digest. Some registries refuse one, and what
    /// is left out cannot be pulled. No platforms mean all. The last choice of platforms counts.
    #[must_use]
    pub fn with_sparse_platforms(mut self, platforms: impl IntoIterator<Item = Platform>) -> Self {
        self.platforms = Platforms::of(platforms, Platforms::Sparse);
        self
    }

    /// Copies only the images for `platforms`, where the root is an index, and takes the others out of it: an index that lacks nothing, with a digest of its own. [`Copied::made_from`]
    /// tells the former one. Where there are no others the index stays as it is. No platforms mean all. The last choice of platforms counts.
    ///
    /// What refers to the former index does not refer to the new one, and is not copied. Attestations that are entries of the index stay with their images, here and in a sparse index.
    ///
    /// [`Copied::made_from`]: crate::store::Copied::made_from
    #[must_use]
    pub fn with_stripped_platforms(mut self, platforms: impl IntoIterator<Item = Platform>) -> Self {
        self.platforms = Platforms::of(platforms, Platforms::Stripped);
        self
    }

    /// Copies also what refers to any manifest that is copied, what refers to that, and so on: signatures, SBOMs and other artifacts.
    ///
    /// They arrive before the root gets its tag. The source has to be able to list them ([`Source::referrers`]).
    #[must_use]
    pub const fn with_referrers(mut self) -> Self {
        self.referrers = true;
        self
    }

    /// The same, where `source` has them instead of what the rest is copied from.
    #[must_use]
    pub fn with_referrers_from(mut self, source: Arc<dyn Source>) -> Self {
        self.referrers_source = Some(source);
        self.with_referrers()
    }

    /// The same, to be kept in `target` instead of where the rest goes, such as a repository for signatures alone. It need not have what they refer to.
    #[must_use]
    pub fn with_referrers_to(mut self, target: Arc<dyn Target>) -> Self {
        self.referrers_target = Some(target);
        self.with_referrers()
    }

    /// Copies also what is tagged with the digest of any manifest that is copied, as `sha256-HEX.sig`: the form in which signatures were attached before there were referrers.
    /// The tags stay.
    ///
    /// They arrive before the root gets its tag. The source has to be able to list its tags ([`Source::tags`]). The tag without a suffix is a list of referrers, and so
    /// [`with_referrers`](Self::with_referrers)' business.
    #[must_use]
    pub const fn with_digest_tags(mut self) -> Self {
        self.digest_tags = true;
        self
    }

    /// Changes nothing: reads manifests, asks the target what it has ([`Target::has_blob`]) and tells of each blob as if it had been copied. One that would come by a
    /// mount counts as new, and so do all where the target cannot tell.
    #[must_use]
    pub const fn with_dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Goes on after a failure with what does not depend on it. [`Copied::failures`] has them all; a manifest that lacks a part of its own is not stored.
    ///
    /// [`Copied::failures`]: crate::store::Copied::failures
    #[must_use]
    pub const fn with_keep_going(mut self) -> Self {
        self.keep_going = true;
        self
    }

    /// Transfers every blob though the target says that it has it: for a target whose word or content is in doubt.
    #[must_use]
    pub const fn with_repair(mut self) -> Self {
        self.repair = true;
        self
    }

    /// Calls `observer` for each blob that has arrived. It must not block.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Fn(&CopyEvent<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// How many blobs are on their way at a time by default.
    pub const DEFAULT_JOBS: usize = 16;

    /// How many bytes the blobs that are on their way may have where they are more than [`LARGE_JOBS`](Self::LARGE_JOBS): 64 MiB.
    pub const IN_FLIGHT: u64 = 64 << 20;

    /// How many blobs are on their way at a time whatever their sizes are, unless fewer are allowed.
    pub const LARGE_JOBS: usize = 4;

    /// How deep indexes may be nested.
    pub const MAX_DEPTH: usize = 8;

    /// The most manifests of one copy.
    pub const MAX_MANIFESTS: usize = 10_000;
}

impl CopyOptions {
    /// Whether a blob of `size` bytes may join `running` ones of `bytes` bytes.
    pub(super) fn admits(&self, running: usize, bytes: u64, size: u64) -> bool {
        let fits = bytes.saturating_add(size) <= Self::IN_FLIGHT;
        running < self.jobs && (running < Self::LARGE_JOBS || fits)
    }
}

impl Default for CopyOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CopyOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CopyOptions")
            .field("digest_tags", &self.digest_tags)
            .field("dry_run", &self.dry_run)
            .field("jobs", &self.jobs)
            .field("keep_going", &self.keep_going)
            .field("platforms", &self.platforms)
            .field("referrers", &self.referrers)
            .field("repair", &self.repair)
            .finish_non_exhaustive()
    }
}

/// A blob has arrived in the target.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CopyEvent<'a> {
    /// The blob.
    pub descriptor: &'a Descriptor,
    /// Whether its content had to be transferred.
    pub stored: Stored,
}

pub(super) type Observer = dyn Fn(&CopyEvent<'_>) + Send + Sync;

/// What of an index is wanted.
#[derive(Clone, Debug)]
pub(super) enum Platforms {
    All,
    Single(Platform),
    Sparse(Vec<Platform>),
    Stripped(Vec<Platform>),
}

impl Platforms {
    fn of(platforms: impl IntoIterator<Item = Platform>, named: impl FnOnce(Vec<Platform>) -> Self) -> Self {
        let platforms: Vec<Platform> = platforms.into_iter().collect();
        match platforms.is_empty() {
            true => Self::All,
            false => named(platforms),
        }
    }
}

#[cfg(test)]
mod tests;
