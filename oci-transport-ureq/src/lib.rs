#![doc = include_str!("../README.md")]

mod build_error;
mod builder;
mod connector;
#[cfg(feature = "rustls")]
mod tls;
mod transport;
mod transport_error;
mod upload;

pub use build_error::BuildError;
pub use builder::UreqTransportBuilder;
pub use transport::UreqTransport;
