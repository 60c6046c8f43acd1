#![doc = include_str!("../README.md")]

mod body;
mod builder;
mod connections;
mod factory;
mod guard;
mod plan;
mod runtime;
mod tls;
mod transport;
mod transport_error;

pub use builder::ReqwestTransportBuilder;
pub use runtime::TokioRuntime;
pub use transport::ReqwestTransport;
