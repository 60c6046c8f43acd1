//! An OCI registry to embed: tests, air-gapped kits, small deployments.
//!
//! [`Registry`] answers the requests of the [OCI distribution spec] without a socket. It is itself a
//! [`Transport`](oci_client_core::transport::Transport), so a client can talk to it in process; with the feature
//! `serve`, `Server` puts it on a port, and with `tls` over TLS. Content lies in a [`Storage`](storage::Storage): in memory, in a directory,
//! or in one of your own.
//!
//! What comes in is verified: a blob or manifest is visible under a digest only after all of it has been hashed, and a
//! manifest only if what it refers to is there, unless [`RegistryBuilder::allow_missing_blobs`] says otherwise.
//!
//! ```
//! use http::{Request, StatusCode};
//! use oci_client_core::runtime::block_on;
//! use oci_client_core::transport::Body;
//! use oci_registry::Registry;
//! use oci_spec_types::Digest;
//!
//! let registry = Registry::in_memory();
//! let digest = Digest::sha256(b"hello");
//!
//! let push = Request::post(format!("/v2/demo/blobs/uploads/?digest={digest}")).body(Body::from(b"hello".to_vec()))?;
//! assert_eq!(block_on(registry.handle(push)).status(), StatusCode::CREATED);
//!
//! let pull = Request::get(format!("/v2/demo/blobs/{digest}")).body(Body::empty())?;
//! let content = block_on(async { registry.handle(pull).await.into_body().collect(1024).await })?;
//! assert_eq!(content, "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [OCI distribution spec]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md

pub mod auth;
mod error;
pub mod faults;
mod garbage;
mod handlers;
mod hooks;
mod limits;
mod paging;
pub mod profile;
mod query;
mod range;
mod registry;
mod response;
mod routes;
#[cfg(feature = "serve")]
mod server;
mod sessions;
pub mod storage;
#[cfg(feature = "upstream")]
mod upstream;
mod warnings;

pub use garbage::{GarbagePolicy, GarbageReport, KeepManifests, Removed};
pub use limits::Limits;
pub use registry::{Registry, RegistryBuilder};
#[cfg(feature = "serve")]
pub use server::{Server, ServerCounts, ServerLimits, ServerMonitor};
#[cfg(feature = "tls")]
pub use server::{ServerTls, ServerTlsError};
#[cfg(feature = "upstream")]
pub use upstream::Upstream;
pub use warnings::InvalidWarning;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
