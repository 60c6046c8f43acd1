//! Faults as a client sees them on the wire.

use std::io::ErrorKind;
use std::sync::Arc;

use oci_client_core::runtime::ThreadRuntime;
use oci_registry::faults::{FaultInjector, FaultPlan};
use oci_registry::{Registry, Server};
use oci_spec_types::Digest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CONTENT: [u8; 5000] = [b'x'; 5000];

/// Pulls a blob of 5,000 bytes from a server with faults: what came after the head, how the connection ended, and the head.
async fn pull(rule: &str) -> (Vec<u8>, Option<ErrorKind>, String) {
    exchange(rule, |path| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await
}

async fn exchange(rule: &str, request: impl FnOnce(&str) -> String) -> (Vec<u8>, Option<ErrorKind>, String) {
    let plan: FaultPlan = rule.parse().unwrap();
    let registry = Registry::in_memory();
    let digest = Digest::sha256(&CONTENT);
    let push = http::Request::post(format!("/v2/app/blobs/uploads/?digest={digest}"));
    let push = push.body(CONTENT.to_vec().into()).unwrap();
    assert_eq!(registry.handle(push).await.status(), 201);
    let faults = Arc::new(FaultInjector::new(registry, plan, Arc::new(ThreadRuntime::new())));
    let server = Server::bind(Arc::clone(&faults), "127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let serving = tokio::spawn(server.serve());
    let request = request(&format!("/v2/app/blobs/{digest}"));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer).await.err().map(|error| error.kind());
    serving.abort();
    assert_eq!(faults.log().len(), 1, "{rule}");
    let place = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let body = answer.split_off(place.map_or(0, |place| place + 4));
    (body, ended, String::from_utf8(answer).unwrap())
}

/// c05: a response that is cut arrives up to there, and the end of the connection is one in order or a reset.
#[tokio::test(flavor = "multi_thread")]
async fn c05_cut_and_truncated_is_closed_and_reset_is_reset() {
    for (rule, length, end) in [
        ("cut-response=1000", 1000, None),
        ("truncate=1000", 1000, None),
        ("reset-response=1000", 1000, Some(ErrorKind::ConnectionReset)),
    ] {
        let (body, ended, head) = pull(rule).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{rule}: {head}");
        assert!(head.contains("content-length: 5000\r\n"), "{rule}: {head}");
        assert_eq!(ended, end, "{rule}");
        // A reset can overtake what was sent before it.
        assert!(
            body.len() == length || (end.is_some() && body.len() < length),
            "{rule}: {}",
            body.len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_nothing_comes_before_the_connection_ends() {
    for (rule, end) in [
        ("lost-answer", Some(ErrorKind::ConnectionReset)),
        ("lost-request", Some(ErrorKind::ConnectionReset)),
        ("reset-request=3", Some(ErrorKind::ConnectionReset)),
        ("cut-request=3", None),
    ] {
        let upload = |_: &str| {
            let digest = Digest::sha256(b"hello");
            format!("POST /v2/app/blobs/uploads/?digest={digest} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello")
        };
        let (body, ended, head) = exchange(rule, upload).await;
        assert_eq!((body, ended, head), (Vec::new(), end, String::new()), "{rule}");
    }
}

/// Chunked and ended in order: nothing but the digest shows that there should be more.
#[tokio::test(flavor = "multi_thread")]
async fn c05_a_chunked_response_ends_in_order_before_its_time() {
    let close = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let (body, ended, head) = exchange("truncate-chunked=1000", close).await;
    assert!(
        head.contains("transfer-encoding: chunked\r\n") && !head.contains("content-length"),
        "{head}"
    );
    assert_eq!(ended, None);
    assert!(
        body.starts_with(b"3E8\r\nxxx") && body.ends_with(b"xxx\r\n0\r\n\r\n"),
        "{}",
        body.len()
    );
}

/// c06: a response that says how long it is with what comes twice.
#[tokio::test(flavor = "multi_thread")]
async fn c06_a_longer_response_arrives_whole() {
    let close = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let (body, ended, head) = exchange("duplicate=10+20", close).await;
    assert!(head.contains("content-length: 5020\r\n"), "{head}");
    assert_eq!((body.len(), ended), (5020, None));
}
