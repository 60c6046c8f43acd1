//! Checks that a store keeps to what [`Source`] and [`Target`] ask of it.
//!
//! Run them in the tests of a store of your own: [`check`] makes an empty store for each check, writes to it, and reads what was written. Each check is a rule;
//! a [`Report`] lists every rule that was broken and what was found. What a store may leave out (lists of referrers and tags, telling what is there) is checked where it is there.
//!
//! ```
//! use oci_client_core::runtime::block_on;
//! use oci_client_core::store::MemoryStore;
//! use oci_client_core::store_testing::check;
//!
//! block_on(check(|| async { MemoryStore::new() })).assert_passed();
//! ```
//!
//! They need no runtime of their own, no time, and less than a megabyte. What they cannot see is what a store does in a crash, or when several processes write to it.

mod blobs;
mod flawed;
mod manifests;
mod samples;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_core::future::BoxFuture;

use crate::store::{Source, Target};

/// A store while it is checked: written to, then read.
///
/// Every store that is both a [`Source`] and a [`Target`] is one already. Where writing and reading are two types, as with an archive, write a type of your own for the tests.
#[async_trait]
pub trait Bench: Send + Sync {
    /// What is written to.
    fn target(&self) -> &dyn Target;

    /// What was written, to be read. Nothing is written after that.
    async fn into_source(self: Box<Self>) -> Arc<dyn Source>;
}

#[async_trait]
impl<S: Source + Target + 'static> Bench for S {
    fn target(&self) -> &dyn Target {
        self
    }

    async fn into_source(self: Box<Self>) -> Arc<dyn Source> {
        Arc::new(*self)
    }
}

/// Runs every check, each with a store of its own that `new` makes, which must be empty.
pub async fn check<F, O, B>(new: F) -> Report
where
    F: Fn() -> O,
    O: Future<Output = B>,
    B: Bench + 'static,
{
    let mut violations = Vec::new();
    for (rule, check) in CHECKS {
        if let Err(found) = check(Box::new(new().await)).await {
            violations.push(Violation { found, rule });
        }
    }
    Report {
        checks: CHECKS.len(),
        violations,
    }
}

/// What came of the checks.
#[derive(Clone, Debug)]
#[must_use]
pub struct Report {
    checks: usize,
    violations: Vec<Violation>,
}

impl Report {
    /// How many checks there were.
    pub const fn checks(&self) -> usize {
        self.checks
    }

    /// The checks that failed.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Fails a test unless every check passed.
    ///
    /// # Panics
    /// If one did not, with a message that lists them all.
    #[expect(clippy::panic, reason = "that is what it is for")]
    pub fn assert_passed(&self) {
        if !self.violations.is_empty() {
            panic!("{self}");
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} checks failed", self.violations.len(), self.checks)?;
        for violation in &self.violations {
            write!(formatter, "\n- {violation}")?;
        }
        Ok(())
    }
}

/// A check that failed.
#[derive(Clone, Debug)]
pub struct Violation {
    found: String,
    rule: &'static str,
}

impl Violation {
    /// What was found in place of what the rule asks for.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// The rule that the store breaks, in words that are the same each time.
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.rule, self.found)
    }
}

/// What a check finds.
type Finding = Result<(), String>;

/// A check.
type Check = fn(Box<dyn Bench>) -> BoxFuture<'static, Finding>;

/// A rule, and what finds out whether it is kept.
const CHECKS: [(&str, Check); 17] = [
    ("a blob is read as it was written", |bench| {
        Box::pin(blobs::whole(bench))
    }),
    ("a blob is read in the part that is asked for", |bench| {
        Box::pin(blobs::parts(bench))
    }),
    ("a blob may have any digest that can be verified", |bench| {
        Box::pin(blobs::algorithms(bench))
    }),
    ("a blob may be written again, and at once", |bench| {
        Box::pin(blobs::again(bench))
    }),
    ("a blob is written though it is there", |bench| {
        Box::pin(blobs::regardless(bench))
    }),
    ("a target tells which blobs it has", |bench| {
        Box::pin(blobs::told(bench))
    }),
    ("a digest that cannot be verified is refused", |bench| {
        Box::pin(flawed::unverifiable(bench))
    }),
    ("wrong content is not stored", |bench| Box::pin(flawed::wrong(bench))),
    ("content that breaks off is not stored, and may come again", |bench| {
        Box::pin(flawed::broken_off(bench))
    }),
    ("a write that is dropped leaves nothing, and may come again", |bench| {
        Box::pin(flawed::dropped(bench))
    }),
    ("what is not there is not found", |bench| {
        Box::pin(flawed::absent(bench))
    }),
    ("a manifest is kept byte for byte", |bench| {
        Box::pin(manifests::exact(bench))
    }),
    ("a tag stands for what it was given last", |bench| {
        Box::pin(manifests::tags(bench))
    }),
    ("tags are listed", |bench| Box::pin(manifests::listed(bench))),
    ("a target tells what it has by tag and digest", |bench| {
        Box::pin(manifests::told(bench))
    }),
    ("referrers are listed with what they say of themselves", |bench| {
        Box::pin(manifests::referrers(bench))
    }),
    ("an index with all below it goes in and out", |bench| {
        Box::pin(manifests::graph(bench))
    }),
];
