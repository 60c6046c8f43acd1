//! What the tests of this workspace stand on.
//!
//! - [`SimRuntime`]: an executor whose clock jumps to the next timer, so that an hour of waiting takes no time.
//! - [`Reply`], [`ScriptedTransport`], [`Responder`]: servers in memory, from canned exchanges or from a function.
//! - [`FaultyTransport`]: puts faults, drawn from a seed, into the exchanges of another transport.
//! - [`Recorder`]: the log of all requests of another transport, with a budget.
//! - [`Canary`], [`traced`]: secrets that are searched for in everything that comes out.
#![cfg_attr(
    feature = "net",
    doc = "- [`RawServer`]: byte by byte scripted connections on a real socket."
)]
//!
//! Everything here fails the test by a panic when what it was told to expect does not happen.
#![expect(clippy::panic, reason = "a failed expectation has to fail the test")]

mod canary;
mod clock;
mod faulty;
#[cfg(feature = "net")]
mod raw_server;
mod recorder;
mod reply;
mod responder;
mod rng;
mod scripted;
mod sim;
mod tapped;
mod trace;

pub use canary::Canary;
pub use faulty::{Fault, FaultyTransport};
#[cfg(feature = "net")]
pub use raw_server::{RawServer, RawStep};
pub use recorder::{Recorded, Recorder};
pub use reply::Reply;
pub use responder::Responder;
pub use rng::Rng;
pub use scripted::{Exchange, ScriptedTransport};
pub use sim::SimRuntime;
pub use trace::traced;
