//! How registries are reached: their own API, the mirrors before it, and what each may be asked for.
//!
//! - [`HostConfig`]: one registry with its mirrors; each [`Endpoint`] is a [`HostProfile`](crate::proto::HostProfile), which is all that the protocol sees of it, together with what concerns
//!   whoever drives the protocol: [capabilities](HostCapabilities), [connections](TransportSettings), concurrency.
//! - [`Hosts`]: where configurations come from; [`HostTable`] holds them in memory.
//! - [`Failover`]: which endpoint is asked next. It performs nothing, so that every driver decides alike.
#![cfg_attr(
    feature = "host-files",
    doc = "- [`files`]: the configuration files of containers and containerd."
)]

#[cfg(feature = "host-files")]
pub mod files;

mod capabilities;
mod config;
mod endpoint;
mod failover;
mod table;
mod transport_settings;

pub use capabilities::HostCapabilities;
pub use config::HostConfig;
pub use endpoint::Endpoint;
pub use failover::{Failover, Outcome};
pub use table::{HostTable, Hosts};
pub use transport_settings::{ClientCertificate, ProxySetting, TransportSettings};
