//! What must hold for any bytes: one function per fuzz target.
//!
//! Each takes the fuzzer's bytes and panics where a law is broken. The crates' own tests include these files and replay `corpus/` with them.

pub mod credentials;
pub mod headers;
pub mod session;
pub mod spec_types;
