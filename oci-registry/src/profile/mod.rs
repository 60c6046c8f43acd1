//! The embedded registry behaving as nine well-known ones do, for tests of clients.
//!
//! Registries agree on the spec and differ around it: how they hand out tokens, where they take uploads and keep content, how they cut
//! lists into pages, what they refuse and in which words. A [`Profile`] replays that of one of them as publicly documented or discussed by 2026,
//! over the content of an ordinary [`Registry`](crate::Registry); nobody is asked over the network. What a profile replays stands in the
//! documentation of its constructor.
//!
//! In process a [`ProfiledRegistry`] is a [`Transport`](oci_client_core::transport::Transport) that answers for all hosts of the
//! registry: its API, its token endpoint, where its content lies. On ports (feature `serve`) each of them is a port of its own.
//!
//! ```
//! use std::sync::Arc;
//!
//! use oci_client_core::client::Client;
//! use oci_client_core::credentials::StaticCredentials;
//! use oci_client_core::runtime::{ThreadRuntime, block_on};
//! use oci_registry::Registry;
//! use oci_registry::profile::Profile;
//! use oci_spec_types::Reference;
//!
//! let runtime = Arc::new(ThreadRuntime::new());
//! let registry = Profile::ghcr().start(Registry::in_memory(), runtime.clone());
//! let reference: Reference = "ghcr.io/tester/app".parse()?;
//!
//! let mut credentials = StaticCredentials::new();
//! for login in registry.logins()? {
//!     credentials = credentials.with(reference.host().clone(), login);
//! }
//! let client = Client::builder(Arc::new(registry), runtime).credentials(credentials).build();
//! let descriptor = oci_spec_types::Descriptor::of(oci_spec_types::MediaType::IMAGE_LAYER, b"hello");
//! let content = Arc::new(bytes::Bytes::from_static(b"hello"));
//! block_on(client.repository(&reference).push_blob(&descriptor, content))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod acr;
mod artifactory;
mod definition;
mod docker_hub;
mod ecr;
mod gar;
mod ghcr;
mod gitlab;
mod harbor;
mod origins;
mod quay;
mod registry;
#[cfg(feature = "serve")]
mod server;
mod setting;

pub use definition::Profile;
pub use origins::Origins;
pub use registry::ProfiledRegistry;
#[cfg(feature = "serve")]
pub use server::ProfileServer;
