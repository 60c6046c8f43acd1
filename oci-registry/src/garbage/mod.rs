//! Removing what nobody refers to, while requests are answered.

mod collect;
mod graph;
mod report;

use std::time::Duration;

pub use report::{GarbageReport, Removed};

/// What [`Registry::collect_garbage`](crate::Registry::collect_garbage) removes.
///
/// ```
/// use std::time::Duration;
///
/// use oci_registry::{GarbagePolicy, KeepManifests};
///
/// let policy = GarbagePolicy::new()
///     .with_grace(Duration::from_secs(24 * 60 * 60))
///     .with_manifests(KeepManifests::Tagged);
/// assert!(!policy.is_dry_run());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GarbagePolicy {
    dry_run: bool,
    grace: Duration,
    manifests: KeepManifests,
}

impl GarbagePolicy {
    /// Default for [`grace`](Self::grace): an hour.
    pub const GRACE: Duration = Duration::from_secs(60 * 60);

    /// Keeps all manifests, and what is younger than an hour.
    pub const fn new() -> Self {
        Self {
            dry_run: false,
            grace: Self::GRACE,
            manifests: KeepManifests::All,
        }
    }

    /// Sets whether only to report what would be removed.
    #[must_use]
    pub const fn with_dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Sets how long a blob or manifest stays that nothing refers to, from when it was pushed or mounted, or a client was told that it is
    /// there. It must be longer than any client takes from its first blob to its manifest.
    #[must_use]
    pub const fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets which manifests stay.
    #[must_use]
    pub const fn with_manifests(mut self, manifests: KeepManifests) -> Self {
        self.manifests = manifests;
        self
    }

    /// Whether only to report what would be removed.
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// How long what nothing refers to stays.
    pub const fn grace(&self) -> Duration {
        self.grace
    }

    /// Which manifests stay.
    pub const fn manifests(&self) -> KeepManifests {
        self.manifests
    }
}

impl Default for GarbagePolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Which manifests stay when garbage is collected.
///
/// Whatever stays keeps what it refers to, and the manifests that refer to it as their subject: a signature lives as long as
/// what it signs.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeepManifests {
    /// All of them.
    #[default]
    All,
    /// All but those without a tag whose subject is not there, or goes too.
    Attached,
    /// Those with a tag, and what belongs to them.
    Tagged,
}
