//! Clients that take their time.

use std::time::Duration;

use http::{Request, StatusCode};
use oci_client_core::transport::Body;
use oci_registry::{Registry, Server, ServerLimits};
use oci_spec_types::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::running::{Running, header, read, read_until_gone, until};

/// S07: no head, half of one, or no second one: the connection ends without an answer to what was never asked.
#[tokio::test]
async fn s07_connection_without_a_request_is_closed() {
    let server = Running::limited(ServerLimits::new().with_head_time(SHORT)).await;
    let cases: [(&[u8], usize); 4] = [
        (b"", 0),
        (b"GET /v2/ HT", 0),
        (b"GET /v2/ HTTP/1.1\r\nhost: x\r\nx: y\r\n", 0),
        (b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n", 1),
    ];
    for (sent, answers) in cases {
        let mut stream = server.connect().await;
        stream.write_all(sent).await.unwrap();
        let answer = read(&mut stream).await;
        assert_eq!(answer.matches("HTTP/1.1 200 ").count(), answers, "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), answers, "{answer}");
    }
    until(|| server.monitor.counts().connections_open() == 0).await;
}

/// S07: a head that comes byte by byte has as long as any other.
#[tokio::test]
async fn s07_trickling_head() {
    let server = Running::limited(ServerLimits::new().with_head_time(SHORT)).await;
    let mut stream = server.connect().await;
    let head = format!("GET /v2/ HTTP/1.1\r\nhost: x\r\nx: {}", "y".repeat(2000));
    for byte in head.bytes() {
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!read_until_gone(&mut stream).await.starts_with(b"HTTP/1.1 200"));
    assert!(server.monitor.counts().requests_by_status().next().is_none());
}

/// S07: whoever stops in a body gets 408, loses the connection, and can go on after what had arrived: the upload is not held.
#[tokio::test]
async fn s07_stalled_upload_gives_way() {
    let server = Running::limited(ServerLimits::new().with_stall_time(SHORT)).await;
    let digest = Digest::sha256(b"0123456789");
    for method in ["PATCH", "PUT"] {
        let location = server.start_upload().await;
        let path = format!("{location}?digest={digest}");
        let mut stream = server.connect().await;
        let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n0123");
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = read(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{method}: {answer}");
        assert_eq!(header(&answer, "connection").as_deref(), Some("close"), "{answer}");
        assert_eq!(server.received(&location).await, 4);
        let created = server.send("PUT", &path, "content-range: 4-9\r\n", b"456789").await;
        assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    }
}

/// S07: also where the answer does not depend on an upload, and where the client says nothing at all after its head.
#[tokio::test]
async fn s07_stalled_bodies_of_all_kinds() {
    let server = Running::limited(ServerLimits::new().with_stall_time(SHORT)).await;
    let digest = Digest::sha256(b"0123456789");
    let requests = [
        format!("POST /v2/a/blobs/uploads/?digest={digest}"),
        "PUT /v2/a/manifests/tag".to_owned(),
        format!("PUT /v2/a/manifests/{digest}"),
    ];
    for request in requests {
        for rest in [
            "content-length: 10\r\n\r\n",
            "content-length: 10\r\n\r\n0123",
            "transfer-encoding: chunked\r\n\r\n4\r\n01",
        ] {
            let mut stream = server.connect().await;
            let content_type = "content-type: application/vnd.oci.image.manifest.v1+json";
            let head = format!("{request} HTTP/1.1\r\nhost: x\r\n{content_type}\r\n{rest}");
            stream.write_all(head.as_bytes()).await.unwrap();
            let answer = read(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 408 "), "{request} {rest}: {answer}");
        }
    }
    assert_eq!(server.monitor.counts().uploads_in_progress(), 0);
}

/// S07: single bytes now and then do not count as progress.
#[tokio::test]
async fn s07_trickling_body() {
    let server = Running::limited(ServerLimits::new().with_stall_time(SHORT)).await;
    let location = server.start_upload().await;
    let mut stream = server.connect().await;
    let head = format!("PATCH {location} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut refusal = [0; 12];
    let (mut reader, mut writer) = stream.split();
    let trickle = async {
        for _ in 0..900 {
            drop(writer.write_all(b"x").await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        read = reader.read_exact(&mut refusal) => drop(read.unwrap()),
        () = trickle => panic!("900 bytes were taken one by one"),
    }
    assert_eq!(&refusal, b"HTTP/1.1 408");
}

/// S07: a client that does not read its answer does not keep it open.
#[tokio::test(flavor = "multi_thread")]
async fn s07_answer_that_nobody_takes() {
    let limits = ServerLimits::new().with_stall_time(SHORT);
    let registry = Registry::in_memory();
    let content = vec![7; 40_000_000];
    let digest = Digest::sha256(&content);
    let push = Request::post(format!("/v2/a/blobs/uploads/?digest={digest}")).body(Body::from(content));
    assert_eq!(registry.handle(push.unwrap()).await.status(), StatusCode::CREATED);
    let server = Server::bind(registry, "127.0.0.1:0").await.unwrap();
    let server = Running::run(server.with_limits(limits));
    let mut stream = server.connect().await;
    let head = format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    until(|| server.monitor.counts().requests_open() == 1).await;
    until(|| server.monitor.counts().requests_open() == 0).await;
    until(|| server.monitor.counts().connections_open() == 0).await;
    let got = read_until_gone(&mut stream).await;
    assert!(
        got.starts_with(b"HTTP/1.1 200 ") && got.len() < 40_000_000,
        "{}",
        got.len()
    );
}

/// S07: beyond the limit, clients wait for their turn.
#[tokio::test]
async fn s07_connections_beyond_the_limit_wait() {
    let server = Running::limited(ServerLimits::new().with_connections(2)).await;
    let (mut first, second) = (server.connect().await, server.connect().await);
    until(|| server.monitor.counts().connections_open() == 2).await;
    let mut third = server.connect().await;
    let request = b"GET /v2/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    third.write_all(request).await.unwrap();
    // Long after the third one has come, another is answered.
    first.write_all(request).await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(server.monitor.counts().connections_accepted(), 2);
    drop(second);
    assert!(read(&mut third).await.starts_with("HTTP/1.1 200 "));
}

/// Long enough for what a test sends at once, even on a busy machine.
const SHORT: Duration = Duration::from_millis(250);
