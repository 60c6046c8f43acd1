//! Requests whose end is in doubt.

use oci_spec_types::Digest;

use crate::running::Running;

/// S06: a request whose end is in doubt is refused, or is the last one of its connection.
#[tokio::test]
async fn s06_heads_that_can_be_read_in_two_ways() {
    let heads = [
        ("400", "content-length: 5\r\ncontent-length: 6\r\n\r\n12345"),
        ("400", "content-length: +5\r\n\r\n12345"),
        ("400", "content-length: -1\r\n\r\n12345"),
        ("400", "content-length: 5, 5\r\n\r\n12345"),
        ("400", "content-length: 0x5\r\n\r\n12345"),
        ("400", "content-length: 18446744073709551616\r\n\r\n12345"),
        ("400", "content-length : 5\r\n\r\n12345"),
        ("400", " content-length: 5\r\n\r\n12345"),
        ("400", "content-length\r\n\r\n12345"),
        ("400", "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("400", "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("400", "transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n"),
        ("400", "transfer-encoding : chunked\r\n\r\n0\r\n\r\n"),
        (
            "400",
            "transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n",
        ),
        ("400", "x: folded\r\n line\r\n\r\n"),
        ("400", "x: folded\r\n\ttransfer-encoding: chunked\r\n\r\n"),
        ("400", "x: bare\rcontent-length: 5\r\n\r\n12345"),
        ("400", "x: nul\0\r\n\r\n"),
        ("400", "x y: z\r\n\r\n"),
        ("400", ": z\r\n\r\n"),
        // Both lengths: the transfer coding counts, and what comes after it is not read.
        (
            "405",
            "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
        ),
        (
            "405",
            "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        // A bare line feed ends a line, as RFC 9112 allows: what it hides counts like any other field.
        (
            "405",
            "x: y\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
        ),
        ("400", "x: y\ncontent-length: 6\r\ncontent-length: 5\r\n\r\n12345"),
    ];
    for (status, head) in heads {
        let first = format!("POST /v2/ HTTP/1.1\r\nhost: x\r\n{head}");
        refused(&first, status).await;
    }
}

/// S06.
#[tokio::test]
async fn s06_first_lines_that_can_be_read_in_two_ways() {
    let lines = [
        "GET  /v2/ HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /v2/ a HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /v2/\tHTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /v2/ HTTP/1.1 \r\nhost: x\r\n\r\n",
        "GET /v2/ HTTP/1.2\r\nhost: x\r\n\r\n",
        "GET /v2/ HTTP/3.0\r\nhost: x\r\n\r\n",
        "G@T /v2/ HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /v2/\0 HTTP/1.1\r\nhost: x\r\n\r\n",
        "POST /v2/ HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    for first in lines {
        refused(first, "400").await;
    }
}

/// S06: a chunked body that is malformed ends its connection, and nothing of it becomes a blob.
#[tokio::test]
async fn s06_chunks_that_can_be_read_in_two_ways() {
    let flood = "e".repeat(20_000);
    let bodies = [
        "5\n12345\r\n0\r\n\r\n".to_owned(),
        "5\r\n12345\n0\r\n\r\n".to_owned(),
        "5 5\r\n12345\r\n0\r\n\r\n".to_owned(),
        "0x5\r\n12345\r\n0\r\n\r\n".to_owned(),
        "-5\r\n12345\r\n0\r\n\r\n".to_owned(),
        "10000000000000005\r\n12345\r\n0\r\n\r\n".to_owned(),
        "\r\n12345\r\n0\r\n\r\n".to_owned(),
        "5;a\n5\r\n12345\r\n0\r\n\r\n".to_owned(),
        "4\r\n12345\r\n0\r\n\r\n".to_owned(),
        format!("5;{flood}\r\n12345\r\n0\r\n\r\n"),
        format!("{}5\r\n12345\r\n0\r\n\r\n", "1;extension\r\n1\r\n".repeat(2000)),
    ];
    let digest = Digest::sha256(b"12345");
    for body in bodies {
        let path = format!("/v2/a/blobs/uploads/?digest={digest}");
        let first = format!("POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{body}");
        refused(&first, "400").await;
    }
}

/// Sends `first` and a second request behind it, of which the server must not hear.
async fn refused(first: &str, status: &str) {
    let server = Running::start().await;
    let second = "GET /v2/second HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = server.raw(format!("{first}{second}").as_bytes()).await;
    let shown: String = first.chars().take(200).collect();
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{shown:?}: {answer}"
    );
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{shown:?}: {answer}");
}
