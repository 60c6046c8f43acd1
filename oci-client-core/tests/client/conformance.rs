//! The checks for transports find what is wrong with transports that are not plain pipes.

use std::io::{Read, Write as _};
use std::net::TcpStream;

use http::{Request, Response};
use oci_client_core::blocking::{BlockingTransport, Body};
use oci_client_core::transport::{Timeouts, TransportError, TransportErrorKind};
use oci_client_core::transport_testing::check_blocking;

/// An HTTP client that is as simple as it is wrong: bodies last until the connection ends, and each request goes out `times` over.
struct Naive {
    extra: &'static str,
    times: usize,
}

impl BlockingTransport for Naive {
    fn send(&self, request: Request<Body>, _: &Timeouts) -> Result<Response<Body>, TransportError> {
        let lost = |error| TransportError::from_io(error, TransportErrorKind::Reset);
        let (head, body) = request.into_parts();
        let content = body.collect(1 << 30)?;
        let address = head.uri.authority().unwrap().as_str();
        let mut text = format!(
            "{} {} HTTP/1.1\r\nHost: {address}\r\n{}",
            head.method,
            head.uri.path(),
            self.extra
        );
        text.push_str(&format!("Content-Length: {}\r\n\r\n", content.len()));
        let mut answer = Vec::new();
        for _ in 0..self.times {
            let mut stream = TcpStream::connect(address).map_err(lost)?;
            stream.write_all(text.as_bytes()).map_err(lost)?;
            stream.write_all(&content).map_err(lost)?;
            answer.clear();
            stream.read_to_end(&mut answer).map_err(lost)?;
        }
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(599_u16);
        let response = Response::builder().status(status).body(body.as_bytes().to_vec().into());
        response.map_err(|error| TransportError::new(TransportErrorKind::Other, error))
    }
}

fn broken(transport: &Naive) -> Vec<&'static str> {
    check_blocking(transport)
        .violations()
        .iter()
        .map(|violation| violation.rule())
        .collect()
}

#[test]
fn a_naive_transport_fails_by_name() {
    let broken = broken(&Naive {
        extra: "Cookie: a=b\r\nReferer: http://elsewhere.test/\r\n",
        times: 2,
    });
    for rule in [
        "nothing is added to a request but Accept, Connection, Host and User-Agent",
        "header fields of a request arrive as they are",
        "header values of a response are bytes",
        "cookies are not kept",
        "nothing is sent twice",
        "a stream of unknown length is chunked",
        "interim responses are passed over",
        "a body that ends early is an error",
        "a refused connection has sent nothing",
        "path and query arrive as they are",
    ] {
        assert!(broken.contains(&rule), "{rule} is not among {broken:#?}");
    }
}

#[test]
fn what_is_right_about_it_passes() {
    let broken = broken(&Naive { extra: "", times: 1 });
    for rule in [
        "bytes go with their length",
        "a stream of known length goes with it",
        "an upload of nothing says so",
        "cookies are not kept",
    ] {
        assert!(!broken.contains(&rule), "{rule} is among {broken:#?}");
    }
}
