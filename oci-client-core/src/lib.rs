//! The [OCI distribution protocol] as state machines without I/O, and an async client that drives them over any HTTP
//! transport.
//!
//! - [`proto`]: the state machines. They hold no socket, clock, thread or file; drive them from anything.
#![cfg_attr(
    feature = "client",
    doc = "- [`client`]: the async client over a [`Transport`](transport::Transport) and a [`Runtime`](runtime::Runtime)."
)]
#![cfg_attr(
    feature = "blocking",
    doc = "- [`blocking`]: the same client without an executor, over a [`BlockingTransport`](blocking::BlockingTransport)."
)]
#![cfg_attr(
    feature = "client",
    doc = "- [`credentials`]: where credentials come from: memory, the environment, configuration files, helper programs."
)]
#![cfg_attr(
    feature = "client",
    doc = "- [`hosts`]: how registries are reached, mirrors included, in code or from configuration files."
)]
#![cfg_attr(
    feature = "client",
    doc = "- [`store`]: registries, layout directories and memory as sources and targets of one `copy`."
)]
//!
//! Content is verified by default: a call that returns content returns it whole and with the right digest, or an error.
//!
//! [OCI distribution protocol]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md

pub mod proto;

#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub mod credentials;
#[cfg(feature = "client")]
pub mod hosts;
#[cfg(feature = "client")]
pub mod runtime;
#[cfg(feature = "client")]
pub mod store;
#[cfg(feature = "store-testing")]
pub mod store_testing;
#[cfg(feature = "client")]
pub mod transport;
#[cfg(feature = "transport-testing")]
pub mod transport_testing;

mod error;
#[cfg(feature = "client")]
mod partial_file;
mod redact;
mod secret;
#[cfg(feature = "client")]
mod temporary_file;

pub use error::{Attempt, EndpointFailure, Error, ErrorKind};
pub use secret::Secret;

/// Holds the examples of the README to what they say.
#[cfg(all(doctest, feature = "thread-runtime"))]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
