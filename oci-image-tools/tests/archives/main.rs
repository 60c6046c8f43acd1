//! Archives as sources and targets: round trips, what others write, and what nobody should.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails has to panic"
)]

mod checked;
mod docker;
mod hostile;
mod locations;
mod oci;
mod support;
