//! Each profile as a client meets it: the whole round of pushing, pulling, attaching, listing and deleting, and what is
//! particular to it.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod blocking;
#[cfg(feature = "serve")]
mod ports;
mod round;
mod site;
mod twins;

mod acr;
mod artifactory;
mod docker_hub;
mod ecr;
mod gar;
mod ghcr;
mod gitlab;
mod harbor;
mod origins;
mod parts;
mod quay;
