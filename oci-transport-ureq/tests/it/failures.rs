//! Connections that fail: which kind of error, and whether the request may have arrived.

use std::io::{self, Read, Write as _};

use http::{Method, Request};
use oci_client_core::blocking::{BlockingTransport as _, Body};
use oci_client_core::transport::{Timeouts, TransportErrorKind as Kind};

use crate::server::{answer, get, printed, read_head, serve, transport};

#[test]
fn a_name_that_does_not_resolve_has_sent_nothing() {
    let error = get("http://host.invalid/?signature=CANARY".to_owned(), &Timeouts::new()).unwrap_err();
    assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Connect, false));
    assert!(!printed(&error).contains("CANARY"), "A13");
}

#[test]
fn a_url_that_is_not_http_is_not_sent() {
    for url in ["/relative", "ftp://example.test/"] {
        let error = get(url.to_owned(), &Timeouts::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_reached_server()),
            (Kind::Other, false),
            "{url}"
        );
    }
}

#[cfg(not(feature = "rustls"))]
#[test]
fn without_tls_https_is_refused() {
    let error = get("https://127.0.0.1:1/".to_owned(), &Timeouts::new()).unwrap_err();
    assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Tls, false));
    assert!(error.to_string().contains("enable the feature"), "{error}");
}

/// P17
#[test]
fn what_is_not_http_is_an_error() {
    for reply in [
        "hello\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n",
    ] {
        let address = serve(move |mut stream| answer(&mut stream, reply));
        let error = get(format!("http://{address}/?signature=CANARY"), &Timeouts::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_reached_server()),
            (Kind::Other, true),
            "{reply}"
        );
        assert!(!printed(&error).contains("CANARY"), "A13");
    }
}

/// P18
#[test]
fn a_head_without_end_is_an_error() {
    let address = serve(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Long: ");
        let _ = stream.write_all(&vec![b'x'; 1 << 20]);
        // Until the client has seen enough.
        let _ = stream.read(&mut [0]);
    });
    let error = get(format!("http://{address}/"), &Timeouts::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_reached_server()),
        (Kind::Other, true),
        "{error}"
    );
}

#[test]
fn content_that_cannot_be_read_is_the_error_that_comes_back() {
    struct Gone;
    impl Read for Gone {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            let error = oci_client_core::transport::TransportError::new(Kind::Source, "the disk is gone");
            Err(error.into())
        }
    }
    for length in [Some(10_000_000), None] {
        let address = serve(|mut stream| drop(io::copy(&mut stream, &mut io::sink())));
        let body = Body::from_reader((&b"abc"[..]).chain(Gone), length);
        let request = Request::builder()
            .method(Method::PUT)
            .uri(format!("http://{address}/"))
            .body(body)
            .unwrap();
        let error = transport().send(request, &Timeouts::new()).unwrap_err();
        assert_eq!(error.kind(), Kind::Source, "{error}");
        assert!(error.to_string().contains("the disk is gone"), "{error}");
    }
}

/// A server that has seen enough of an upload answers, reads no more and closes: its answer still arrives.
#[test]
fn a_refusal_in_the_middle_of_an_upload_is_the_answer() {
    for length in [Some(200 << 20), None] {
        let address = serve(|mut stream| {
            read_head(&mut stream);
            stream.read_exact(&mut [0; 1000]).unwrap();
            stream
                .write_all(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
                .unwrap();
        });
        let body = Body::from_reader(io::repeat(7).take(200 << 20), length);
        let request = Request::builder()
            .method(Method::PUT)
            .uri(format!("http://{address}/"))
            .body(body)
            .unwrap();
        let response = transport().send(request, &Timeouts::new()).unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(response.into_body().collect(10).unwrap(), "no");
    }
}

/// The same where what is uploaded comes out of another exchange on this thread.
#[test]
fn a_refusal_is_the_answer_also_of_an_upload_of_what_is_read_elsewhere() {
    struct Elsewhere(Option<String>);
    impl Read for Elsewhere {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if let Some(url) = self.0.take() {
                get(url, &Timeouts::new())?;
            }
            buffer.fill(7);
            Ok(buffer.len())
        }
    }
    let source = serve(|mut stream| answer(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    let address = serve(|mut stream| {
        read_head(&mut stream);
        stream.read_exact(&mut [0; 1000]).unwrap();
        stream
            .write_all(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
            .unwrap();
    });
    let length = 200 << 20;
    let request = Request::builder()
        .method(Method::PUT)
        .uri(format!("http://{address}/"))
        .body(Body::from_reader(
            Elsewhere(Some(format!("http://{source}/"))).take(length),
            Some(length),
        ))
        .unwrap();
    let response = transport().send(request, &Timeouts::new()).unwrap();
    assert_eq!(response.status(), 413);
}
