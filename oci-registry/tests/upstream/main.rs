//! The registry as a cache of another one, with a clock that jumps.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod askers;
mod ends;
mod faults;
#[path = "../support/intercepted.rs"]
mod intercepted;
mod names;
mod site;
mod tags;
