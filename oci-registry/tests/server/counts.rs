//! What a monitor tells.

use http::StatusCode;
use oci_spec_types::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::running::{Running, Silent, until};

#[tokio::test]
async fn requests_bytes_and_connections() {
    let server = Running::start().await;
    let digest = server.push(b"0123456789").await;
    for (method, path) in [
        ("GET", format!("/v2/a/blobs/{digest}")),
        ("HEAD", format!("/v2/a/blobs/{digest}")),
        ("GET", "/v2/a/blobs/nonsense".to_owned()),
    ] {
        server.send(method, &path, "", b"").await;
    }
    server.raw(b"nonsense\r\n\r\n").await;
    until(|| server.monitor.counts().connections_open() == 0).await;
    let counts = server.monitor.counts();
    let statuses = [
        (StatusCode::OK, 2),
        (StatusCode::CREATED, 1),
        (StatusCode::BAD_REQUEST, 1),
    ];
    assert_eq!(counts.requests_by_status().collect::<Vec<_>>(), statuses);
    assert_eq!(counts.connections_accepted(), 5);
    assert_eq!(counts.bytes_in(), 10);
    // The blob, and the body of one error.
    assert!((11..500).contains(&counts.bytes_out()), "{counts:?}");
    assert_eq!(
        (
            counts.requests_open(),
            counts.uploads_in_progress(),
            counts.requests_aborted()
        ),
        (0, 0, 0)
    );
}

/// What is under way is open.
#[tokio::test]
async fn open() {
    let server = Running::start().await;
    let digest = Digest::sha256(b"12345");
    let head = format!(
        "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
    );
    let mut stream = server.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 25]).await.unwrap();
    let counts = server.monitor.counts();
    let open = (
        counts.connections_open(),
        counts.requests_open(),
        counts.uploads_in_progress(),
    );
    assert_eq!(open, (1, 1, 1));
    assert_eq!(counts.requests_by_status().count(), 0);
    drop(stream);
    until(|| server.monitor.counts().connections_open() == 0).await;
    let counts = server.monitor.counts();
    assert_eq!((counts.requests_open(), counts.uploads_in_progress()), (0, 0));
}

/// What a client has given up is not counted as answered.
#[tokio::test]
async fn aborted() {
    let server = Running::serve(Silent).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    until(|| server.monitor.counts().requests_open() == 1).await;
    drop(stream);
    until(|| server.monitor.counts().connections_open() == 0).await;
    let counts = server.monitor.counts();
    assert_eq!((counts.requests_open(), counts.requests_aborted()), (0, 1));
    assert_eq!(counts.requests_by_status().count(), 0);
}
