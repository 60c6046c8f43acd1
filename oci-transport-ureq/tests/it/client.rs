//! The whole client over this transport, against the embedded registry on a port.

use std::io::Read as _;
use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::blocking::Client;
use oci_registry::{Registry, Server};
use oci_spec_types::{Descriptor, MediaType, Reference};

use crate::server::transport;

#[test]
fn a_blob_goes_up_and_comes_down() {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = tokio
        .block_on(Server::bind(Registry::in_memory(), "127.0.0.1:0"))
        .unwrap();
    let reference: Reference = format!("{}/app", server.local_addr()).parse().unwrap();
    tokio.spawn(server.serve_until(std::future::pending()));
    let app = Client::new(Arc::new(transport())).repository(&reference);
    for length in [0, 10, 3_000_000] {
        let content = Bytes::from(vec![7; length]);
        let descriptor = Descriptor::of(MediaType::IMAGE_LAYER, &content);
        app.push_blob(&descriptor, Arc::new(content.clone())).unwrap();
        let mut read = Vec::new();
        app.blob(&descriptor).unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, content);
    }
}
