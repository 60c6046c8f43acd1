//! The checks for implementers of a storage: ours pass, and one that breaks a promise fails it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broken;

use std::sync::Arc;

use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_registry::storage::testing::check;
use oci_registry::storage::{DirectoryOptions, DirectoryStorage, Durability, MemoryStorage};

use broken::{BrokenStorage, Fault};

#[test]
fn memory() {
    block_on(check(|| async { MemoryStorage::new() })).unwrap();
    block_on(check(|| async { Arc::new(MemoryStorage::new()) })).unwrap();
}

#[test]
fn directory() {
    for durability in [Durability::Full, Durability::Relaxed] {
        let outer = tempfile::tempdir().unwrap();
        let number = std::cell::Cell::new(0);
        let options = DirectoryOptions::new().with_durability(durability);
        let new = || {
            number.set(number.get() + 1);
            let path = outer.path().join(number.get().to_string());
            async move {
                let runtime = Arc::new(ThreadRuntime::new());
                DirectoryStorage::open_with(path, runtime, options).await.unwrap()
            }
        };
        block_on(check(new)).unwrap();
    }
}

/// S01, S11, S12, S13, S19: each promise is seen to be broken.
#[test]
fn s11_s12_broken_promises_are_seen() {
    for (fault, promise) in [
        (Fault::VisibleEarly, "a blob is visible once it is committed"),
        (Fault::SharedBlobs, "a blob is found in its own repositories only"),
        (Fault::WholeForRange, "a blob is read in the range that was asked for"),
        (Fault::ReadsTurn, "a read survives the deletion of its blob"),
        (Fault::SizeForgotten, "an upload goes on where it was saved"),
        (Fault::ManyWriters, "an upload has one writer"),
        (Fault::UnboundUploads, "an upload is bound to its repository"),
        (
            Fault::DroppedStay,
            "an upload that was never saved ends with its writer",
        ),
        (Fault::WriterLives, "an upload can be ended while it is being written"),
        (Fault::UnsavedListed, "uploads are listed"),
        (Fault::Reformatted, "a manifest is kept as it is"),
        (Fault::TagsStay, "a tag goes with its manifest, and only with that"),
        (Fault::Unconditional, "preconditions are kept to"),
        (Fault::ReferrersStay, "referrers are listed with their manifests"),
        (Fault::FirstPageOnly, "lists come in pages and in order"),
        (Fault::NeverRefreshed, "ages begin anew when something is relied on"),
        (Fault::YoungSwept, "a sweep takes only what is old"),
    ] {
        let broken = block_on(check(|| async { BrokenStorage::new(fault) })).unwrap_err();
        assert_eq!(broken.promise(), promise, "{fault:?}: {broken}");
        assert_ne!(broken.to_string(), promise);
    }
}
