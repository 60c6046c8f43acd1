//! What depends on HTTP/1.1 and on connections.

use async_trait::async_trait;
use http::{Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError, TransportErrorKind};
use oci_registry::Registry;
use oci_spec_types::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::running::{Running, header, read, read_until_gone};

#[tokio::test(flavor = "multi_thread")]
async fn push_and_pull() {
    let server = Running::start().await;
    let content = vec![7; 3_000_000];
    let digest = Digest::sha256(&content);
    let created = server
        .send("POST", &format!("/v2/a/blobs/uploads/?digest={digest}"), "", &content)
        .await;
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    let pulled = server.send("GET", &format!("/v2/a/blobs/{digest}"), "", b"").await;
    let (head, body) = pulled.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.contains("content-length: 3000000\r\n"),
        "{head}"
    );
    assert!(body.as_bytes() == content);
}

/// RP7: the length of what is not sent.
#[tokio::test]
async fn rp7_head_has_a_length_and_no_body() {
    let server = Running::start().await;
    let digest = server.push(b"content").await;
    let head = server.send("HEAD", &format!("/v2/a/blobs/{digest}"), "", b"").await;
    assert!(
        head.contains("content-length: 7\r\n") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    let absent = server.send("HEAD", "/v2/a/manifests/absent", "", b"").await;
    assert!(
        absent.starts_with("HTTP/1.1 404 ") && absent.ends_with("\r\n\r\n"),
        "{absent}"
    );
}

/// CB17.
#[tokio::test]
async fn chunked_transfer_coding() {
    let server = Running::start().await;
    let digest = Digest::sha256(b"hello world");
    let request = format!(
        "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n\
         6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"
    );
    let answer = server.raw(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

/// A client that first sends everything and then reads still gets the early answer.
#[tokio::test(flavor = "multi_thread")]
async fn early_answer_while_the_client_still_sends() {
    let server = Running::start().await;
    let path = format!("/v2/a/blobs/uploads/{}?digest={}", "0".repeat(32), Digest::sha256(b""));
    let answer = server.send("PUT", &path, "", &vec![0; 8_000_000]).await;
    assert!(
        answer.starts_with("HTTP/1.1 404 ") && answer.contains("BLOB_UPLOAD_UNKNOWN"),
        "{answer}"
    );
}

/// A body that the answer did not need does not cost the connection.
#[tokio::test(flavor = "multi_thread")]
async fn connection_is_used_again_after_an_unneeded_body() {
    let server = Running::start().await;
    let content = vec![7; 2_000_000];
    let digest = server.push(&content).await;
    let mut stream = server.connect().await;
    let path = format!("/v2/a/blobs/uploads/?mount={digest}&from=a&digest={digest}");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        content.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&content).await.unwrap();
    stream
        .write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let answers = read(&mut stream).await;
    assert!(
        answers.starts_with("HTTP/1.1 201 ") && answers.contains("HTTP/1.1 200 "),
        "{answers}"
    );
}

#[tokio::test]
async fn refused_body_is_not_asked_for() {
    let server = Running::start().await;
    let expect = "expect: 100-continue\r\ncontent-length: 5\r\n";
    let refused = server.send_head("PUT", "/v2/a/manifests/.bad", expect).await;
    assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
    let digest = Digest::sha256(b"12345");
    let mut stream = server.connect().await;
    let head =
        format!("POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{expect}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"12345").await.unwrap();
    assert!(read(&mut stream).await.starts_with("HTTP/1.1 201 "));
}

/// S05, RB11: a connection that breaks leaves what had arrived.
#[tokio::test(flavor = "multi_thread")]
async fn s05_rb11_broken_upload_goes_on() {
    let server = Running::start().await;
    let content: Vec<u8> = (0..500_000_u32).flat_map(u32::to_le_bytes).collect();
    let location = server.start_upload().await;
    let mut stream = server.connect().await;
    let head = format!(
        "PATCH {location} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        content.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(content.get(..1_000_000).unwrap()).await.unwrap();
    while server.received(&location).await < 700_000 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    let digest = Digest::sha256(&content);
    let created = loop {
        let start = server.received(&location).await;
        let rest = content.get(start..).unwrap();
        let range = format!("content-range: {start}-{}\r\n", content.len() - 1);
        let answer = server
            .send("PUT", &format!("{location}?digest={digest}"), &range, rest)
            .await;
        // The server may still be taking in what the broken connection had delivered.
        if !answer.starts_with("HTTP/1.1 409 ") && !answer.starts_with("HTTP/1.1 416 ") {
            break answer;
        }
    };
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
}

/// S11.
#[tokio::test(flavor = "multi_thread")]
async fn s11_many_connections_push_the_same_blob() {
    let server = Running::start().await;
    let content = vec![7; 300_000];
    let digest = Digest::sha256(&content);
    let path = format!("/v2/a/blobs/uploads/?digest={digest}");
    let pushes = (0..64).map(|_| server.send("POST", &path, "", &content));
    for answer in futures_util::future::join_all(pushes).await {
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    }
    let pulled = server.send("GET", &format!("/v2/a/blobs/{digest}"), "", b"").await;
    assert!(pulled.into_bytes().ends_with(&content));
}

/// What stands before a registry can be served: it sees absolute URIs, and its errors end the connection.
#[tokio::test]
async fn wrapped_registry() {
    struct Wrapper(Registry);

    #[async_trait]
    impl Transport for Wrapper {
        async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
            match request.uri().path() {
                "/v2/broken" => return Err(TransportError::new(TransportErrorKind::Other, "broken")),
                "/v2/reset" => return Err(TransportError::new(TransportErrorKind::Reset, "reset")),
                _ => {}
            }
            let uri = request.uri().to_string().try_into().unwrap();
            let mut response = self.0.send(request).await?;
            response.headers_mut().insert("x-uri", uri);
            Ok(response)
        }
    }

    let server = Running::serve(Wrapper(Registry::in_memory())).await;
    let answer = server.send("GET", "/v2/?a=b", "", b"").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(header(&answer, "x-uri").as_deref(), Some("http://x/v2/?a=b"));
    assert_eq!(server.send("GET", "/v2/broken", "", b"").await, "");
    let mut reset = server.connect().await;
    reset
        .write_all(b"GET /v2/reset HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(read_until_gone(&mut reset).await, b"");
}
