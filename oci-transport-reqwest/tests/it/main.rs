//! The transport against scripted servers on real sockets of this machine.

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod build_errors;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod downgrade;
mod factory;
mod failures;
mod framing;
mod guard;
mod http2;
#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
mod no_tls;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod origins;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod parallel;
mod proxy;
mod round_trip;
mod runtime;
mod server;
mod support;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod tls;
mod upload;
