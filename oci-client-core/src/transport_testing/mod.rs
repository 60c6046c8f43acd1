//! Checks that a transport is the plain pipe that the protocol above it takes it for, against a server on loopback.
//!
//! Run them in the tests of a transport: [`check_blocking`] for a [`BlockingTransport`], [`check`] for a [`Transport`] together
//! with what runs its futures. Each check is one exchange, or a few, with a server that sends bytes from a script; a [`Report`] lists every
//! check that failed and what was found.
//!
//! ```
//! use oci_client_core::transport_testing::{Report, check};
//! # use async_trait::async_trait;
//! # use http::{Request, Response};
//! # use oci_client_core::transport::{Body, Transport, TransportError};
//! # struct Deaf;
//! # #[async_trait]
//! # impl Transport for Deaf {
//! #     async fn send(&self, _: Request<Body>) -> Result<Response<Body>, TransportError> {
//! #         Ok(Response::new(Body::empty()))
//! #     }
//! # }
//!
//! // A transport that never sends anything passes hardly any check.
//! let report: Report = check(&Deaf, &|future| oci_client_core::runtime::block_on(future));
//! assert!(report.violations().len() > 10);
//! ```

mod checks;
mod exchange;
mod pipe;
mod server;

use std::fmt;

use futures_core::future::BoxFuture;

use self::pipe::{Async, Blocking, Pipe};
use crate::blocking::BlockingTransport;
use crate::transport::Transport;

/// Checks a transport whose futures `run` brings to their end, such as by a runtime's `block_on`.
///
/// # Panics
/// If no server can be started on loopback.
pub fn check(transport: &dyn Transport, run: &dyn Fn(BoxFuture<'_, ()>)) -> Report {
    checked(&Async { transport, run })
}

/// Checks a blocking transport.
///
/// # Panics
/// If no server can be started on loopback.
pub fn check_blocking(transport: &dyn BlockingTransport) -> Report {
    checked(&Blocking { transport })
}

/// What came of the checks.
#[derive(Clone, Debug)]
#[must_use]
pub struct Report {
    checks: usize,
    violations: Vec<Violation>,
}

impl Report {
    /// How many checks there were.
    pub const fn checks(&self) -> usize {
        self.checks
    }

    /// The checks that failed.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Fails a test unless every check passed.
    ///
    /// # Panics
    /// If one did not, with a message that lists them all.
    #[expect(clippy::panic, reason = "that is what it is for")]
    pub fn assert_passed(&self) {
        if !self.violations.is_empty() {
            panic!("{self}");
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} checks failed", self.violations.len(), self.checks)?;
        for violation in &self.violations {
            write!(formatter, "\n- {violation}")?;
        }
        Ok(())
    }
}

/// A check that failed.
#[derive(Clone, Debug)]
pub struct Violation {
    found: String,
    rule: &'static str,
}

impl Violation {
    /// What was found in place of what the rule asks for.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// The rule that the transport breaks.
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.rule, self.found)
    }
}

fn checked(pipe: &dyn Pipe) -> Report {
    let violations = checks::ALL
        .iter()
        .filter_map(|(rule, check)| check(pipe).err().map(|found| Violation { found, rule }))
        .collect();
    Report {
        checks: checks::ALL.len(),
        violations,
    }
}
