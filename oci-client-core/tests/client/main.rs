//! The client against servers in memory: no network, and a clock that jumps.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails has to panic"
)]

mod authorization;
mod bodies;
mod budgets;
mod cancellation;
mod copying;
mod integrity;
mod layout;
mod layout_hostile;
mod manifests;
mod media_types;
mod output;
mod resuming;
mod retries;
mod timeouts;
mod simulation;
mod support;
