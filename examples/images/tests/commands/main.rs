//! The examples as a user runs them: programs, arguments, output, exit codes.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

mod building;
mod reading;
mod support;
mod unpacking;
mod validating;
