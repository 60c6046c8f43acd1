//! The registry on a port.
//!
//! A connection goes through these: [`serve`] accepts it, [`connection`] reads requests from it, [`exchange`] answers each of them. What a
//! client may not do for ever has its clock where the bytes pass: in [`request_body`] for what it sends, in [`stream`] for what it takes.

mod connection;
mod counts;
mod exchange;
mod limits;
mod record;
mod request_body;
mod response_body;
mod serve;
mod stall;
mod stream;
#[cfg(feature = "tls")]
mod tls;

pub use counts::{ServerCounts, ServerMonitor};
pub use limits::ServerLimits;
pub use serve::Server;
#[cfg(feature = "tls")]
pub use tls::{ServerTls, ServerTlsError};
