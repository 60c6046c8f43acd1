#![doc = include_str!("../README.md")]

mod builder;
mod connector;
mod factory;
mod guard;
#[cfg(feature = "rustls")]
mod tls;
mod transport;
mod transport_error;
mod upload;

pub use builder::UreqTransportBuilder;
pub use transport::UreqTransport;
