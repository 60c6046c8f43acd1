//! Requests that are too large before their body begins, and what every answer to a head has.

use std::sync::Arc;
use std::time::Duration;

use oci_client_core::runtime::ThreadRuntime;
use oci_registry::auth::{Protected, User, Users};
use oci_registry::{Registry, Server, ServerLimits};
use tokio::io::AsyncWriteExt;

use crate::running::{Running, header, read};

/// S08: the refusal arrives although the client has sent a lot that nobody reads.
#[tokio::test]
async fn s08_head_that_is_too_large() {
    let server = Running::start().await;
    for length in [ServerLimits::HEAD_SIZE, 900_000] {
        let head = format!("GET /v2/ HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(length));
        let answer = server.raw(head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{length}: {answer}");
    }
    let head = format!(
        "GET /v2/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: {}\r\n\r\n",
        "y".repeat(30_000)
    );
    assert!(server.raw(head.as_bytes()).await.starts_with("HTTP/1.1 200 "));
}

/// S08: a client that goes on sending is not cut off before it can see why nobody listens.
#[tokio::test]
async fn s08_refused_client_may_finish_its_sentence() {
    let server = Running::start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\nx: ").await.unwrap();
    stream.write_all(&[b'y'; 40_000]).await.unwrap();
    stream.readable().await.unwrap();
    for _ in 0..20 {
        stream.write_all(&[b'y'; 20_000]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(read(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

/// S08: also while the head has no end.
#[tokio::test]
async fn s08_head_without_an_end() {
    let server = Running::limited(ServerLimits::new().with_head_size(8192)).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    for field in 0..100 {
        let field = format!("x-{field}: {}\r\n", "y".repeat(100));
        // Once it has been refused, nobody takes the rest.
        if stream.write_all(field.as_bytes()).await.is_err() {
            break;
        }
    }
    let answer = read(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

/// S08.
#[tokio::test]
async fn s08_too_many_fields() {
    let server = Running::start().await;
    let request = |fields: usize| {
        let fields: String = (0..fields).map(|field| format!("x{field}: y\r\n")).collect();
        format!("GET /v2/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n")
    };
    let taken = server.raw(request(98).as_bytes()).await;
    assert!(taken.starts_with("HTTP/1.1 200 "), "{taken}");
    let refused = server.raw(request(99).as_bytes()).await;
    assert!(refused.starts_with("HTTP/1.1 431 "), "{refused}");
}

/// S08: path and query have a limit of their own, with an answer that says so.
#[tokio::test]
async fn s08_uri_that_is_too_long() {
    let server = Running::start().await;
    let path = |length: usize| format!("/v2/?{}", "x".repeat(length - "/v2/?".len()));
    let longest = server.send("GET", &path(ServerLimits::URI_LENGTH), "", b"").await;
    assert!(longest.starts_with("HTTP/1.1 200 "), "{longest}");
    let refused = server.send("GET", &path(ServerLimits::URI_LENGTH + 1), "", b"").await;
    assert!(
        refused.starts_with("HTTP/1.1 414 ") && refused.contains("UNSUPPORTED") && refused.contains("16384 bytes"),
        "{refused}"
    );
    let flood = server.send("GET", &path(100_000), "", b"").await;
    assert!(flood.starts_with("HTTP/1.1 431 "), "{flood}");
}

/// S08: a hundred tags of the longest kind still fit.
#[tokio::test]
async fn s08_longest_push_with_tags_fits() {
    let server = Running::start().await;
    let tags: String = (0..100).map(|tag| format!("&tag={tag:0>128}")).collect();
    let digest = oci_spec_types::Digest::sha256(b"{}");
    let name = "n".repeat(255);
    let path = format!("/v2/{name}/manifests/{digest}?x{tags}");
    let answer = server.send("PUT", &path, "content-type: text/plain\r\n", b"{}").await;
    assert!(answer.contains("MANIFEST_INVALID"), "{answer}");
}

/// S20: no browser is to guess what an answer is, whoever has given it.
#[tokio::test]
async fn s20_every_answer_says_nosniff() {
    let users = Users::new().with_user(User::new("me", "s3cret".to_owned()));
    let registry = Protected::basic(Registry::in_memory(), users, "test", Arc::new(ThreadRuntime::new()));
    let limits = ServerLimits::new().with_stall_time(Duration::from_millis(100));
    let server = Server::bind(registry, "127.0.0.1:0").await.unwrap();
    let closed = Running::run(server.with_limits(limits));
    let open = Running::limited(limits).await;
    let long = format!("/v2/?{}", "x".repeat(20_000));
    let requests = [
        ("200", &open, "GET", "/v2/", ""),
        ("401", &closed, "GET", "/v2/", ""),
        ("404", &open, "GET", "/nonsense", ""),
        ("405", &open, "POST", "/v2/", ""),
        (
            "408",
            &open,
            "PUT",
            "/v2/a/manifests/tag",
            "content-length: 5\r\ncontent-type: application/vnd.oci.image.index.v1+json\r\n",
        ),
        ("414", &open, "GET", &long, ""),
    ];
    for (status, server, method, path, headers) in requests {
        let answer = server
            .send_head(method, path, &format!("connection: close\r\n{headers}"))
            .await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(
            header(&answer, "x-content-type-options").as_deref(),
            Some("nosniff"),
            "{answer}"
        );
    }
}
