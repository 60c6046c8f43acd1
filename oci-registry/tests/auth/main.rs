//! Authorization as a layer: who may do what, by both schemes and both forms of asking for a token.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod catalog;
mod clients;
#[cfg(feature = "htpasswd")]
mod htpasswd;
mod matrix;
mod mounts;
mod schemes;
mod site;
mod tokens;
mod uploads;
