//! P09: a server that stops answering, in each phase of an exchange.

use std::io::{self, Write as _};
use std::sync::mpsc;
use std::time::Duration;

use http::Request;
use oci_client_core::blocking::{BlockingTransport as _, Body};
use oci_client_core::transport::{Timeouts, TransportErrorKind as Kind};
use oci_transport_ureq::UreqTransport;

use crate::server::{get, read_head, serve, transport};

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(60);

/// Only one phase has a short limit; the test would take a minute if another one counted.
fn only(change: impl FnOnce(Timeouts) -> Timeouts) -> Timeouts {
    change(Timeouts::new().with_commit(LONG).with_head(LONG).with_idle(LONG))
}

/// A server that keeps its connections open after `reply`.
fn silent_after(reply: &'static str) -> String {
    let mut open = Vec::new();
    let address = serve(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(reply.as_bytes()).unwrap();
        open.push(stream);
    });
    format!("http://{address}/")
}

#[test]
fn a_head_that_does_not_come() {
    let error = get(silent_after(""), &only(|timeouts| timeouts.with_head(SHORT))).unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_reached_server()),
        (Kind::Timeout, true),
        "{error}"
    );
    let error = get(
        silent_after("HTTP/1.1 200 OK\r\n"),
        &only(|timeouts| timeouts.with_head(SHORT)),
    )
    .unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout, "{error}");
}

#[test]
fn a_body_that_stands_still() {
    let url = silent_after("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    let request = Request::get(url).body(Body::empty()).unwrap();
    let response = transport()
        .send(request, &only(|timeouts| timeouts.with_idle(SHORT)))
        .unwrap();
    let mut body = response.into_body();
    assert_eq!(body.chunk().unwrap().unwrap(), "hello");
    assert_eq!(body.chunk().unwrap().unwrap_err().kind(), Kind::Timeout);
    assert!(body.chunk().is_none());
}

/// The time between two pieces of a body is not that for the head, nor the other way around.
#[test]
fn a_head_may_take_longer_than_a_body_may_pause() {
    let (answer, answered) = mpsc::channel::<()>();
    let address = serve(move |mut stream| {
        read_head(&mut stream);
        // Longer than the idle time; the timing of no assertion depends on it.
        let _ = answered.recv_timeout(SHORT * 4);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .unwrap();
    });
    let body = get(
        format!("http://{address}/"),
        &only(|timeouts| timeouts.with_idle(SHORT)),
    )
    .unwrap();
    assert_eq!(body, b"ok");
    drop(answer);
}

#[test]
fn a_blob_that_is_stored_slowly_has_the_time_for_it() {
    let url = || {
        let address = serve(|mut stream| {
            read_head(&mut stream);
            let _ = io::copy(&mut stream, &mut io::sink());
        });
        format!("http://{address}/")
    };
    let streamed = || Body::from_reader(&b"abc"[..], Some(3));
    let request = Request::put(url()).body(streamed()).unwrap();
    let error = transport()
        .send(
            request,
            &only(|timeouts| timeouts.with_commit(SHORT * 2).with_head(SHORT)),
        )
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_reached_server()),
        (Kind::Timeout, true),
        "{error}"
    );
}

#[test]
fn the_connect_timeout_covers_the_tls_handshake() {
    let mut open = Vec::new();
    let address = serve(move |stream| open.push(stream));
    let transport = UreqTransport::builder()
        .no_proxy()
        .connect_timeout(SHORT)
        .build()
        .unwrap();
    let request = Request::get(format!("https://{address}/")).body(Body::empty()).unwrap();
    let error = transport.send(request, &only(|timeouts| timeouts)).unwrap_err();
    let expected = if cfg!(feature = "rustls") {
        Kind::Timeout
    } else {
        Kind::Tls
    };
    assert_eq!(
        (error.kind(), error.may_have_reached_server()),
        (expected, false),
        "{error}"
    );
}
