//! The registry's endpoints over both storages, without a socket.
//!
//! The ids in the names of tests are those of `SPEC.md`.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
#[path = "../support/intercepted.rs"]
mod intercepted;

mod aborted;
mod blobs;
mod catalog;
mod chunked;
mod directory;
mod endpoints;
mod expiry;
mod export;
mod failing;
mod garbage;
mod heads;
mod manifests;
mod model;
mod mount;
mod moving;
mod names;
mod preconditions;
mod push;
mod referrers;
mod refusals;
mod tags;
mod traces;
mod uploads;
mod warnings;
