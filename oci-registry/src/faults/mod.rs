//! Faults for the tests of clients: lost connections, wrong bytes, refusals, and answers that few registries give.
//!
//! A [`FaultInjector`] stands before a registry and lets things go wrong by the rules of a [`FaultPlan`]. A [`FaultRule`] says to which exchanges, and a [`Fault`]
//! what happens. What has happened is in the injector's [log](FaultInjector::log), so that a test can tell whether it has tested anything.
//!
//! ```
//! use std::sync::Arc;
//!
//! use http::Request;
//! use oci_client_core::runtime::{ThreadRuntime, block_on};
//! use oci_client_core::transport::{Body, Transport};
//! use oci_registry::Registry;
//! use oci_registry::faults::{FaultInjector, FaultPlan};
//!
//! let plan: FaultPlan = "base first=1: status=503".parse()?;
//! let faults = Arc::new(FaultInjector::new(Registry::in_memory(), plan, Arc::new(ThreadRuntime::new())));
//! let ask = || {
//!     let request = Request::get("https://registry.test/v2/").body(Body::empty());
//!     block_on(faults.send(request.expect("a request")))
//! };
//! assert_eq!(ask()?.status(), 503);
//! assert_eq!(ask()?.status(), 200);
//! assert_eq!(faults.log()[0].to_string(), "exchange 1: GET /v2/: status=503");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`FaultPlan::random`] makes a plan from a seed: a test that runs with many seeds meets many mixtures of faults, and prints the plan when it fails.
//!
//! ```
//! use oci_registry::faults::FaultPlan;
//!
//! let plan = FaultPlan::random(42, 20);
//! assert_eq!(plan.to_string().parse(), Ok(plan));
//! ```

mod apply;
mod elsewhere;
mod fault;
mod injector;
mod log;
mod occurrence;
mod plan;
mod random;
mod rng;
mod rule;
mod text;

pub use fault::{Direction, Fault, RetryAfter};
pub use injector::FaultInjector;
pub use log::FaultRecord;
pub use occurrence::Occurrence;
pub use plan::FaultPlan;
pub use rule::{FaultRule, RouteKind};
pub use text::InvalidFaultRule;
