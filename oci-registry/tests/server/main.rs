//! The registry on a real port.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counts;
mod heads;
mod log;
mod requests;
mod running;
mod shutdown;
mod slow;
mod smuggling;
#[cfg(feature = "tls")]
mod tls;
