//! What goes over the wire and comes back when nothing fails.

use bytes::Bytes;
use futures_util::stream;
use http::{Method, StatusCode, Version};
use oci_client_core::transport::{Body, Transport as _};
use oci_transport_reqwest::ReqwestTransport;

use crate::server::{Server, Step};
use crate::support::{get, read, request, transport};

#[tokio::test]
async fn get_returns_head_and_body() {
    let mut server = Server::once("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Test: yes\r\n\r\nhello").await;
    let response = get(&transport(), &server.url("/v2/?n=1")).await.unwrap();
    assert_eq!(
        (response.status(), response.version()),
        (StatusCode::OK, Version::HTTP_11)
    );
    assert_eq!(response.headers()["x-test"], "yes");
    assert!(response.extensions().is_empty());
    assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(5));
    assert_eq!(read(response).await.unwrap(), b"hello");
    let sent = server.recorded().await;
    assert!(sent.head.starts_with("GET /v2/?n=1 HTTP/1.1\r\n"), "{}", sent.head);
    assert_eq!(sent.header("host").unwrap(), server.address.to_string());
}

#[tokio::test]
async fn nothing_is_added_to_a_request_but_accept_and_user_agent() {
    let mut server = Server::once("HTTP/1.1 204 No Content\r\n\r\n").await;
    get(&transport(), &server.url("/")).await.unwrap();
    let sent = server.recorded().await;
    let mut names: Vec<_> = sent
        .head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_lowercase())
        .collect();
    names.sort();
    assert_eq!(names, ["accept", "host", "user-agent"]);
    assert_eq!(
        sent.header("user-agent").unwrap(),
        concat!("oci-rust/", env!("CARGO_PKG_VERSION"))
    );
}

#[tokio::test]
async fn own_user_agent() {
    let mut server = Server::once("HTTP/1.1 204 No Content\r\n\r\n").await;
    let transport = ReqwestTransport::builder()
        .no_proxy()
        .user_agent("tool/1.0")
        .build()
        .unwrap();
    get(&transport, &server.url("/")).await.unwrap();
    assert_eq!(server.recorded().await.header("user-agent"), Some("tool/1.0"));
}

#[tokio::test]
async fn head_has_no_body_whatever_its_length_says() {
    let server = Server::once("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n").await;
    let response = transport()
        .send(request(Method::HEAD, &server.url("/"), Body::empty()))
        .await
        .unwrap();
    assert_eq!(response.headers()["content-length"], "5000");
    assert!(read(response).await.unwrap().is_empty());
}

#[tokio::test]
async fn bytes_go_with_their_exact_length() {
    let mut server = Server::once("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").await;
    let response = transport()
        .send(request(Method::PUT, &server.url("/"), b"content".to_vec()))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let sent = server.recorded().await;
    assert_eq!(
        (sent.header("content-length"), sent.header("transfer-encoding")),
        (Some("7"), None)
    );
    assert_eq!(sent.body, b"content");
}

#[tokio::test]
async fn a_stream_of_known_length_is_not_chunked() {
    let mut server = Server::once("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").await;
    let body = Body::from_stream(pieces(), Some(6));
    transport()
        .send(request(Method::PUT, &server.url("/"), body))
        .await
        .unwrap();
    let sent = server.recorded().await;
    assert_eq!(
        (sent.header("content-length"), sent.header("transfer-encoding")),
        (Some("6"), None)
    );
    assert_eq!(sent.body, b"abcdef");
}

#[tokio::test]
async fn a_length_in_the_header_counts_where_the_body_knows_none() {
    let mut server = Server::once("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").await;
    let mut request = request(Method::PUT, &server.url("/"), Body::from_stream(pieces(), None));
    request.headers_mut().insert("content-length", 6.into());
    transport().send(request).await.unwrap();
    let sent = server.recorded().await;
    assert_eq!(
        (sent.header("content-length"), sent.header("transfer-encoding")),
        (Some("6"), None)
    );
}

#[tokio::test]
async fn a_stream_of_unknown_length_is_chunked() {
    let mut server = Server::once("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").await;
    let body = Body::from_stream(pieces(), None);
    transport()
        .send(request(Method::PUT, &server.url("/"), body))
        .await
        .unwrap();
    let sent = server.recorded().await;
    assert_eq!(
        (sent.header("content-length"), sent.header("transfer-encoding")),
        (None, Some("chunked"))
    );
    assert_eq!(sent.body, b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
}

#[tokio::test]
async fn an_empty_upload_says_so() {
    for method in [Method::PATCH, Method::POST, Method::PUT] {
        let mut server = Server::once("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await;
        transport()
            .send(request(method, &server.url("/"), Body::empty()))
            .await
            .unwrap();
        assert_eq!(server.recorded().await.header("content-length"), Some("0"));
    }
}

#[tokio::test]
async fn redirects_are_returned() {
    let mut server = Server::start(vec![vec![
        Step::Request,
        Step::Reply(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".to_vec()),
        Step::Request,
        Step::Reply(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
    ]])
    .await;
    let transport = transport();
    let response = get(&transport, &server.url("/first")).await.unwrap();
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.headers()["location"], "/elsewhere");
    assert!(read(response).await.unwrap().is_empty());
    get(&transport, &server.url("/second")).await.unwrap();
    assert!(server.recorded().await.head.starts_with("GET /first "));
    let second = server.recorded().await;
    assert!(second.head.starts_with("GET /second "));
    assert_eq!(second.header("referer"), None);
}

#[tokio::test]
async fn a_builder_of_reqwest_becomes_a_plain_pipe() {
    let reply = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
    let mut server = Server::once(reply).await;
    let following = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::limited(5))
        .referer(true);
    let transport = ReqwestTransport::from_reqwest(following.user_agent("tool/1.0")).unwrap();
    assert_eq!(
        get(&transport, &server.url("/")).await.unwrap().status(),
        StatusCode::FOUND
    );
    assert_eq!(server.recorded().await.header("user-agent"), Some("tool/1.0"));
}

#[tokio::test]
async fn a_client_that_is_ready_made_is_taken_as_it_is() {
    let server = Server::once("HTTP/1.1 204 No Content\r\n\r\n").await;
    // Building it at all needs the default provider that this installs.
    ReqwestTransport::from_reqwest(reqwest::Client::builder()).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = get(&ReqwestTransport::danger_from_client(client), &server.url("/"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn cookies_are_not_kept() {
    let reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n";
    let mut server = Server::start(vec![vec![
        Step::Request,
        Step::Reply(reply.to_vec()),
        Step::Request,
        Step::Reply(reply.to_vec()),
    ]])
    .await;
    let transport = transport();
    for _ in 0..2 {
        read(get(&transport, &server.url("/")).await.unwrap()).await.unwrap();
        assert_eq!(server.recorded().await.header("cookie"), None);
    }
}

#[tokio::test]
async fn content_codings_are_left_alone() {
    let server = Server::once("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd").await;
    let response = get(&transport(), &server.url("/")).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(read(response).await.unwrap(), b"abcd");
}

/// P18
#[tokio::test]
async fn p18_three_thousand_warnings_do_no_harm() {
    let mut reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n".to_owned();
    for number in 0..3000 {
        reply.push_str(&format!(
            "Warning: 299 - \"number {number} of the warnings, which is long enough to count\"\r\n"
        ));
    }
    reply.push_str("\r\nok");
    let server = Server::once(reply).await;
    let response = get(&transport(), &server.url("/")).await.unwrap();
    assert_eq!(response.headers().get_all("warning").iter().count(), 3000);
    assert_eq!(read(response).await.unwrap(), b"ok");
}

/// P18
#[tokio::test]
async fn p18_header_values_need_not_be_utf8() {
    let server = Server::once(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Raw: \xff\xfe\r\n\r\n").await;
    let response = get(&transport(), &server.url("/")).await.unwrap();
    assert_eq!(response.headers()["x-raw"].as_bytes(), b"\xff\xfe");
}

/// P17
#[tokio::test]
async fn ch5_p17_interim_responses_are_skipped() {
    let mut reply = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(200);
    reply.extend(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let server = Server::once(reply).await;
    let response = get(&transport(), &server.url("/")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(read(response).await.unwrap(), b"ok");
}

#[tokio::test]
async fn clones_share_connections() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let server = Server::start(vec![vec![
        Step::Request,
        Step::Reply(reply.to_vec()),
        Step::Request,
        Step::Reply(reply.to_vec()),
    ]])
    .await;
    let transport = transport();
    read(get(&transport, &server.url("/")).await.unwrap()).await.unwrap();
    // The server takes no second connection.
    read(get(&transport.clone(), &server.url("/")).await.unwrap())
        .await
        .unwrap();
}

fn pieces() -> impl futures_util::Stream<Item = Result<Bytes, oci_client_core::transport::TransportError>> + Send {
    stream::iter([Ok(Bytes::from_static(b"abc")), Ok(Bytes::from_static(b"def"))])
}
