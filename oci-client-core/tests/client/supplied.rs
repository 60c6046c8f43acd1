//! What transports are told of hosts that a server has named, through both clients.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::header::LOCATION;
use http::{Request, Response, StatusCode};
use oci_client_core::blocking::{self, BlockingTransport};
use oci_client_core::client::Client;
use oci_client_core::proto::outbound::ServerSupplied;
use oci_client_core::transport::{Body, Timeouts, Transport, TransportError};
use oci_spec_types::{Descriptor, MediaType};
use test_support::SimRuntime;

/// A registry whose blobs lie elsewhere. It takes note of whom it was asked for, and of those that a server has named.
#[derive(Default)]
struct Elsewhere(Mutex<Vec<(String, bool)>>);

impl Elsewhere {
    fn answer<A, B>(&self, request: &Request<A>, content: B, nothing: B) -> Response<B> {
        let host = request.uri().host().unwrap().to_owned();
        let named_by_server = ServerSupplied::marks(request);
        self.0.lock().unwrap().push((host.clone(), named_by_server));
        if host == "cdn.test" {
            return Response::new(content);
        }
        let mut response = Response::new(nothing);
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        let there = "https://cdn.test/blob".parse().unwrap();
        response.headers_mut().insert(LOCATION, there);
        response
    }
}

#[async_trait]
impl Transport for Elsewhere {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        Ok(self.answer(&request, Body::from(CONTENT.to_vec()), Body::empty()))
    }
}

impl BlockingTransport for Elsewhere {
    fn send(&self, request: Request<blocking::Body>, _: &Timeouts) -> Result<Response<blocking::Body>, TransportError> {
        Ok(self.answer(
            &request,
            blocking::Body::from(CONTENT.to_vec()),
            blocking::Body::empty(),
        ))
    }
}

#[test]
fn a07_both_clients_tell_their_transport_which_hosts_a_server_has_named() {
    let reference = "registry.test/app".parse().unwrap();
    let blob = Descriptor::of(MediaType::IMAGE_LAYER, CONTENT);
    let expected = [("registry.test".to_owned(), false), ("cdn.test".to_owned(), true)];

    let transport = Arc::new(Elsewhere::default());
    let app = blocking::Client::new(transport.clone()).repository(&reference);
    assert_eq!(app.blob(&blob).unwrap().bytes(100).unwrap(), CONTENT);
    assert_eq!(*transport.0.lock().unwrap(), expected);

    let transport = Arc::new(Elsewhere::default());
    let runtime = SimRuntime::new();
    let app = Client::new(transport.clone(), Arc::new(runtime.clone())).repository(&reference);
    let read = runtime.run(async { app.blob(&blob).unwrap().bytes(100).await });
    assert_eq!(read.unwrap(), CONTENT);
    assert_eq!(*transport.0.lock().unwrap(), expected);
}

const CONTENT: &[u8] = b"content";
