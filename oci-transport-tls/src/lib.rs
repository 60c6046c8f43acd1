#![doc = include_str!("../README.md")]

#[cfg(feature = "rustls")]
mod client_certificates;
#[cfg(feature = "rustls")]
mod config;
mod pem;
mod settings;
#[cfg(feature = "rustls")]
mod verdict;

pub use settings::TlsSettings;
