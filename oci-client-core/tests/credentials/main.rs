//! Credential files and helpers on a real file system, with planted programs: no network, and no variable of this process is changed.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

mod broken_helpers;
mod files;
mod helpers;
mod logins;
mod support;
