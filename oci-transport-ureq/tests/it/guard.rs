//! Hosts that a server has named (A07): `localhost` stands for any name that resolves to a private address.

use std::net::TcpListener;
use std::sync::mpsc;
use std::{io, thread};

use http::{Request, Response};
use oci_client_core::blocking::{BlockingTransport as _, Body};
use oci_client_core::proto::outbound::ServerSupplied;
use oci_client_core::transport::{Timeouts, TransportError, TransportErrorKind as Kind};
use oci_transport_ureq::UreqTransport;

use crate::server::{answer, printed, read_head, serve, transport};

const ANSWER: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn supplied(transport: &UreqTransport, url: &str) -> Result<Response<Body>, TransportError> {
    let mut request = Request::get(url).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ServerSupplied::default());
    transport.send(request, &Timeouts::new())
}

fn given(transport: &UreqTransport, url: &str) -> Result<Response<Body>, TransportError> {
    let request = Request::get(url).body(Body::empty()).unwrap();
    transport.send(request, &Timeouts::new())
}

fn refused(answer: Result<Response<Body>, TransportError>) {
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Other, false));
    assert!(!error.is_retryable());
    let text = printed(&error);
    assert!(text.contains("with_private_addresses"), "{text}");
}

#[test]
fn a07_what_a_server_supplied_is_not_connected_to_at_a_private_address_whatever_it_is_called() {
    let port = serve(|mut stream| answer(&mut stream, ANSWER)).port();
    let transport = transport();
    for host in ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{port}/");
        refused(supplied(&transport, &url));
        // The same host, given by the user.
        assert_eq!(given(&transport, &url).unwrap().status(), 204, "{host}");
    }
    for url in ["http://[::1]:9/", "http://169.254.169.254/latest", "https://10.0.0.1/"] {
        if url.starts_with("http:") || cfg!(feature = "rustls") {
            refused(supplied(&transport, url));
        }
    }
}

#[test]
fn a07_a_connection_that_the_user_asked_for_is_not_shared() {
    let (sender, connections) = mpsc::channel();
    let port = serve(move |mut stream| {
        sender.send(()).unwrap();
        for _ in 0..2 {
            answer(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    })
    .port();
    let (transport, url) = (transport(), format!("http://localhost:{port}/"));
    given(&transport, &url).unwrap();
    refused(supplied(&transport, &url));
    // The connection is there, and the user has it.
    given(&transport, &url).unwrap();
    assert_eq!(connections.iter().take(1).count(), 1);
    assert!(connections.try_recv().is_err());
}

#[test]
fn a_proxy_is_where_the_user_says_and_resolves_names_itself() {
    for host in ["localhost", "127.0.0.1"] {
        let proxy = serve(|mut stream| {
            read_head(&mut stream);
            io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            answer(&mut stream, ANSWER);
        });
        let url = format!("http://{host}:{}", proxy.port());
        let transport = UreqTransport::builder().proxy(url).build().unwrap();
        assert_eq!(supplied(&transport, "http://cdn.test/").unwrap().status(), 204);
        refused(supplied(&transport, "http://10.0.0.1/"));
    }
}

#[test]
fn a07_names_that_are_resolved_here_for_a_proxy_are_looked_at_too() {
    for scheme in ["socks4", "socks5"] {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}", proxy.local_addr().unwrap());
        let transport = UreqTransport::builder().proxy(url).build().unwrap();
        refused(supplied(&transport, "http://localhost:9/"));
        proxy.set_nonblocking(true).unwrap();
        let asked = proxy.accept().unwrap_err();
        assert_eq!(asked.kind(), io::ErrorKind::WouldBlock, "{scheme}: the proxy was asked");
        // The same name, given by the user.
        proxy.set_nonblocking(false).unwrap();
        let request = thread::spawn(move || given(&transport, "http://localhost:9/").map(drop));
        drop(proxy.accept().unwrap());
        request.join().unwrap().unwrap_err();
    }
}
