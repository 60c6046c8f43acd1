//! The client against servers in memory: no network, and a clock that jumps.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails has to panic"
)]

mod asking;
mod authorization;
mod bare;
mod blocking;
mod bodies;
mod budgets;
mod caches;
mod canaries;
mod cancellation;
mod chains;
mod checking;
mod conformance;
mod copying;
mod copying_failures;
mod copying_options;
mod copying_referrers;
mod copying_repositories;
mod detours;
mod fetching;
mod graph_limits;
mod hosts;
mod integrity;
mod kept;
mod layout;
mod layout_dialects;
mod layout_hostile;
mod layout_processes;
mod layout_upkeep;
mod layout_writers;
mod lists;
mod manifests;
mod many_threads;
mod media_types;
mod mending;
mod mirrors;
mod mounts;
mod observing;
mod output;
mod parts;
mod places;
mod referrers;
mod requests;
mod resumed_uploads;
mod resuming;
mod retries;
mod runtimes;
mod seekable;
mod simulation;
mod stores;
mod storing;
mod supplied;
mod support;
mod threads;
mod timeouts;
mod tower;
mod twins;
mod uploads;
mod waiting;
