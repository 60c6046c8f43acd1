//! The registry's endpoints over both storages, without a socket.
//!
//! Ids stand for what a test covers: RH, RP, RB, RM, RR, RD and RX for the spec's rules about registries (in general, pull,
//! blobs, manifests, referrers, discovery, deletes), E for errors, CB for what clients rely on, S for threats.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod observed;

mod blobs;
mod catalog;
mod chunked;
mod directory;
mod manifests;
mod model;
mod mount;
mod moving;
mod names;
mod preconditions;
mod push;
mod referrers;
mod tags;
mod traces;
mod uploads;
