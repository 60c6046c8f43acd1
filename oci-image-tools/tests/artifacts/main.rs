//! Artifacts pushed to the embedded registry and other stores, and read again.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

mod attach;
#[cfg(feature = "helm")]
mod helm;
mod objects;
mod pack;
mod support;
mod wasm;
