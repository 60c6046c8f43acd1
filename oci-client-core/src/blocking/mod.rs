//! The client for threads: the same operations over the same machines, without an executor and without a thread of its own.
//!
//! Every call does its work on the thread that makes it, and returns when that is done: it is the async client, polled right there, over a transport that blocks. So it
//! has the same limits, tells the same [`Observer`](crate::client::Observer) and is traced in the same way. Clients, registries and repositories may be
//! cloned and used from many threads at once; what one learns all know.
//!
//! ```
//! use std::sync::Arc;
//!
//! use http::{Request, Response};
//! use oci_client_core::blocking::{BlockingTransport, Body, Client};
//! use oci_client_core::transport::{Timeouts, TransportError};
//! use oci_spec_types::Reference;
//!
//! // In place of an HTTP library: a registry that only ever lists one tag.
//! struct OneTag;
//!
//! impl BlockingTransport for OneTag {
//!     fn send(&self, request: Request<Body>, _: &Timeouts) -> Result<Response<Body>, TransportError> {
//!         assert_eq!(request.uri(), "https://registry.example.com/v2/app/tags/list");
//!         Ok(Response::new(Body::from(br#"{"name":"app","tags":["1.0"]}"#.to_vec())))
//!     }
//! }
//!
//! let client = Client::new(Arc::new(OneTag));
//! let reference: Reference = "registry.example.com/app".parse()?;
//! for tag in client.repository(&reference).tags() {
//!     assert_eq!(tag?, "1.0".parse()?);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blob_reader;
mod block_on;
mod body;
mod bridge;
mod catalog;
mod client;
mod clock;
mod content;
mod file;
mod listing;
mod push;
mod referrers;
mod registry;
mod repository;
mod response_body;
mod seekable;
mod tags;
mod transport;

pub use blob_reader::BlobReader;
pub use block_on::BlockOn;
pub use body::Body;
pub use catalog::Catalog;
pub use client::{Client, ClientBuilder};
pub use clock::{Clock, SystemClock};
pub use content::Content;
pub use file::FileContent;
pub use referrers::Referrers;
pub use registry::Registry;
pub use repository::Repository;
pub use response_body::ResponseBody;
pub use seekable::UnverifiedBlob;
pub use tags::Tags;
pub use transport::{BlockingTransport, BlockingTransportFactory};
