//! The examples as a user runs them: programs, arguments, output, exit codes.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

mod artifacts;
#[cfg(target_os = "linux")]
mod directories;
mod logins;
mod places;
mod support;
mod titles;
mod usage;
