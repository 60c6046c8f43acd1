//! What every [`Storage`] has to keep to, as checks that can be run against one.
//!
//! ```
//! use oci_client_core::runtime::block_on;
//! use oci_registry::storage::{MemoryStorage, testing};
//!
//! block_on(testing::check(|| async { MemoryStorage::new() }))?;
//! # Ok::<(), testing::BrokenPromise>(())
//! ```

mod ages;
mod blobs;
mod lists;
mod manifests;
mod samples;
mod uploads;

use std::fmt;

use futures_util::future::BoxFuture;

use super::Storage;
use samples::Bench;

/// Runs every check, each against a storage of its own that `new` makes, which must be empty.
///
/// The checks need no runtime of their own, no time, and a few megabytes. What they cannot see is what a storage does in a crash.
///
/// # Errors
/// The first promise that was not kept.
pub async fn check<F, O, S>(new: F) -> Result<(), BrokenPromise>
where
    F: Fn() -> O,
    O: Future<Output = S>,
    S: Storage,
{
    for (promise, check) in CHECKS {
        let storage = new().await;
        let bench = Bench::new(&storage);
        check(&bench)
            .await
            .map_err(|reason| BrokenPromise { promise, reason })?;
    }
    Ok(())
}

/// A promise of [`Storage`] that was not kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BrokenPromise {
    promise: &'static str,
    reason: String,
}

impl BrokenPromise {
    /// The promise, in a few words that are the same each time.
    pub const fn promise(&self) -> &'static str {
        self.promise
    }
}

impl fmt::Display for BrokenPromise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.promise, self.reason)
    }
}

impl std::error::Error for BrokenPromise {}

/// What a check finds.
type Finding = Result<(), String>;

/// A check.
type Check = for<'b> fn(&'b Bench<'b>) -> BoxFuture<'b, Finding>;

/// A promise, and what finds out whether it is kept.
const CHECKS: [(&str, Check); 17] = [
    ("a blob is visible once it is committed", blobs::visible_once_committed),
    ("a blob is found in its own repositories only", blobs::membership),
    ("a blob is read in the range that was asked for", blobs::ranges),
    ("a read survives the deletion of its blob", blobs::reads_survive),
    ("an upload goes on where it was saved", uploads::resumed),
    ("an upload has one writer", uploads::one_writer),
    ("an upload is bound to its repository", uploads::bound),
    ("an upload that was never saved ends with its writer", uploads::dropped),
    ("an upload can be ended while it is being written", uploads::ended),
    ("uploads are listed", uploads::listed),
    ("a manifest is kept as it is", manifests::exact),
    ("a tag goes with its manifest, and only with that", manifests::tags),
    ("preconditions are kept to", manifests::preconditions),
    ("referrers are listed with their manifests", manifests::referrers),
    ("lists come in pages and in order", lists::pages),
    ("ages begin anew when something is relied on", ages::begin_anew),
    ("a sweep takes only what is old", ages::sweep),
];
