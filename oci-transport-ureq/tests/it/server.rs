//! A server that gives each connection to a function.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use http::Request;
use oci_client_core::blocking::{BlockingTransport as _, Body};
use oci_client_core::transport::{Timeouts, TransportError};
use oci_transport_ureq::UreqTransport;

pub(crate) fn serve(mut connection: impl FnMut(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            connection(stream);
        }
    });
    address
}

/// Reads up to the end of a request's head.
pub(crate) fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

pub(crate) fn answer(stream: &mut (impl Read + Write), reply: &str) {
    read_head(stream);
    stream.write_all(reply.as_bytes()).unwrap();
}

pub(crate) fn transport() -> UreqTransport {
    UreqTransport::builder().no_proxy().build().unwrap()
}

pub(crate) fn get(url: String, timeouts: &Timeouts) -> Result<Vec<u8>, TransportError> {
    let request = Request::get(url).body(Body::empty()).unwrap();
    let response = transport().send(request, timeouts)?;
    Ok(response.into_body().collect(1 << 20)?.to_vec())
}

/// All that an error shows.
pub(crate) fn printed(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("{error} {error:?}"));
        cause = error.source();
    }
    text
}
