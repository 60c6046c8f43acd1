//! Faults by rule and by seed, in process and over a port.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod bodies;
mod connections;
mod heads;
mod lists;
#[cfg(feature = "serve")]
mod ports;
mod rules;
mod seeds;
mod site;
