//! A transport of one's own: here a closure from request to response, without a network.
//!
//! ```text
//! cargo run --example custom_transport
//! ```
//!
//! Cargo.toml:
//!
//! ```toml
//! async-trait = "0.1"
//! http = "1"
//! oci-client-core = { version = "0.1", features = ["thread-runtime"] }
//! oci-spec-types = "0.1"
//! ```

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};
use oci_client_core::client::Client;
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_spec_types::Reference;

/// Answers requests with a function. A transport does no more than this: it follows no redirects, retries nothing and knows no credentials.
struct FromFn<F>(F);

#[async_trait]
impl<F> Transport for FromFn<F>
where
    F: Fn(Request<Body>) -> Result<Response<Body>, TransportError> + Send + Sync,
{
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        (self.0)(request)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let transport = FromFn(|request: Request<Body>| {
        println!("{} {}", request.method(), request.uri());
        Ok(Response::new(Body::from(
            br#"{"name":"app","tags":["1.0","1.1"]}"#.to_vec(),
        )))
    });
    let client = Client::new(Arc::new(transport), Arc::new(ThreadRuntime::new()));
    let reference: Reference = "registry.example.com/app".parse()?;
    for tag in block_on(client.repository(&reference).tags().all())? {
        println!("{tag}");
    }
    Ok(())
}
