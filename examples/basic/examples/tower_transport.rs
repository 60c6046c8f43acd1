//! Any tower service as a transport: here one that counts requests, around a registry in this process.
//!
//! ```text
//! cargo run --example tower_transport
//! ```
//!
//! Cargo.toml:
//!
//! ```toml
//! http = "1"
//! oci-client-core = { version = "0.1", features = ["thread-runtime", "tower"] }
//! oci-registry = "0.1"
//! oci-spec-types = "0.1"
//! tower-service = "0.3"
//! ```

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http::{Request, Response};
use oci_client_core::client::Client;
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::transport::{Body, TowerTransport, Transport, TransportError};
use oci_registry::Registry;
use oci_spec_types::Reference;
use tower_service::Service;

/// A registry as a service, which counts what it is asked.
#[derive(Clone)]
struct Counted {
    count: Arc<AtomicUsize>,
    registry: Registry,
}

impl Service<Request<Body>> for Counted {
    type Response = Response<Body>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, TransportError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.count.fetch_add(1, Ordering::Relaxed);
        let registry = self.registry.clone();
        Box::pin(async move { registry.send(request).await })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let count = Arc::new(AtomicUsize::new(0));
    let service = Counted {
        count: count.clone(),
        registry: Registry::in_memory(),
    };
    let client = Client::new(Arc::new(TowerTransport::new(service)), Arc::new(ThreadRuntime::new()));
    let reference: Reference = "registry.example.com/app:1.0".parse()?;
    let target = reference.target().ok_or("the reference has a tag")?;
    let found = block_on(client.repository(&reference).resolve(&target))?;
    println!("found: {}", found.is_some());
    println!("requests: {}", count.load(Ordering::Relaxed));
    Ok(())
}
