//! The process has no default crypto provider here, and rustls is built so that it refuses to choose one itself, as it
//! also does when two providers are compiled in.

#![cfg(feature = "rustls")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use http::Request;
use oci_client_core::transport::{Body, Transport as _, TransportErrorKind};
use oci_transport_reqwest::ReqwestTransport;
use rustls::crypto::CryptoProvider;

#[tokio::test]
async fn none_is_needed_and_none_is_installed_unless_reqwest_has_to_look_for_it() {
    let transport = ReqwestTransport::builder().no_proxy().build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 6];
        stream.read_exact(&mut hello).unwrap();
        stream.write_all(b"this is not TLS").unwrap();
        hello
    });
    let request = Request::get(url).body(Body::empty()).unwrap();
    assert_eq!(
        transport.send(request).await.unwrap_err().kind(),
        TransportErrorKind::Tls
    );
    // A handshake record with a ClientHello in it: the provider did its part.
    let hello = server.join().unwrap();
    assert_eq!((hello[0], hello[5]), (22, 1));
    assert!(CryptoProvider::get_default().is_none());

    // This one leaves the choice to reqwest, which would panic.
    ReqwestTransport::from_reqwest(reqwest::Client::builder()).unwrap();
    assert!(CryptoProvider::get_default().is_some());
}
