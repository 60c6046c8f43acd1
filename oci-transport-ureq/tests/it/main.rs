//! The transport against scripted servers on loopback: what the common checks do not cover.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

mod client;
mod factory;
mod failures;
mod guard;
mod server;
mod settings;
mod timeouts;
#[cfg(feature = "rustls")]
mod tls;
