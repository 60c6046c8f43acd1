//! P17, S06: responses that are not HTTP, or whose end is unclear.

use http::{Method, StatusCode};
use oci_client_core::transport::{Body, Transport as _, TransportErrorKind as Kind};

use crate::server::Server;
use crate::support::{get, read, request, told, transport};

#[tokio::test]
async fn p17_malformed_responses_are_errors() {
    let replies: [(&str, &[u8]); 16] = [
        ("no status line", b"hello\r\n\r\n"),
        ("binary", b"\x00\x01\x02\x03\r\n\r\n"),
        ("HTTP/0.9", b"<html></html>\r\n\r\n"),
        ("another version", b"HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("status of two digits", b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"),
        (
            "status that is no number",
            b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "two lengths",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        ),
        (
            "two lengths in one",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nabc",
        ),
        ("negative length", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        (
            "length above 64 bits",
            b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
        ),
        (
            "length and coding",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "unknown coding",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nabc",
        ),
        (
            "two codings",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "folded field",
            b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
        ),
        ("name with a space", b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"),
    ];
    for (name, reply) in replies {
        let server = Server::once(reply).await;
        assert_eq!(
            told(get(&transport(), &server.url("/")).await),
            (Kind::Other, true),
            "{name}"
        );
    }
}

/// P18
#[tokio::test]
async fn p18_a_head_without_end_is_an_error() {
    let mut reply = b"HTTP/1.1 200 OK\r\nX-Long: ".to_vec();
    reply.resize(11 << 20, b'x');
    let server = Server::once(reply).await;
    assert_eq!(told(get(&transport(), &server.url("/")).await), (Kind::Other, true));
}

#[tokio::test]
async fn ch5_p17_unusual_responses_are_accepted() {
    let replies: [(&str, &[u8], &[u8]); 6] = [
        ("no reason", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        ("HTTP/1.0 until the end", b"HTTP/1.0 200 OK\r\n\r\nok", b"ok"),
        ("no length", b"HTTP/1.1 200 OK\r\n\r\nok", b"ok"),
        (
            "the same length twice",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            b"ok",
        ),
        (
            "coding in capitals",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            b"ok",
        ),
        (
            "trailers",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
            b"ok",
        ),
    ];
    for (name, reply, body) in replies {
        let server = Server::once(reply).await;
        let response = get(&transport(), &server.url("/")).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        assert_eq!(read(response).await.unwrap(), body, "{name}");
    }
}

#[tokio::test]
async fn p17_bodies_where_there_can_be_none_are_not_read() {
    for status in ["204 No Content", "304 Not Modified"] {
        let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc");
        let server = Server::once(reply).await;
        assert!(
            read(get(&transport(), &server.url("/")).await.unwrap())
                .await
                .unwrap()
                .is_empty(),
            "{status}"
        );
    }
    let server = Server::once("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let response = transport()
        .send(request(Method::HEAD, &server.url("/"), Body::empty()))
        .await
        .unwrap();
    assert!(read(response).await.unwrap().is_empty());
}
