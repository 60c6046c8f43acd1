//! Connections that fail: which kind of error, and whether the request may have arrived.

use std::time::Duration;

use http::Method;
use oci_client_core::transport::{Body, Transport as _, TransportErrorKind as Kind};
use oci_transport_reqwest::ReqwestTransport;
use tokio::net::TcpListener;

use crate::server::{Server, Step};
use crate::support::{get, printed, read, request, told, transport};

#[tokio::test]
async fn a_refused_connection_has_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?signature=CANARY", listener.local_addr().unwrap());
    drop(listener);
    let error = get(&transport(), &url).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Connect, false));
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(!printed(&error).contains("CANARY"), "A13");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_has_sent_nothing() {
    assert_eq!(
        told(get(&transport(), "http://host.invalid/").await),
        (Kind::Connect, false)
    );
}

#[tokio::test]
async fn a_reset_before_the_response_is_a_lost_connection() {
    let server = Server::start(vec![vec![Step::Request, Step::Reset]]).await;
    let error = get(&transport(), &server.url("/?signature=CANARY")).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Reset, true));
    assert!(!printed(&error).contains("CANARY"), "A13");
}

#[tokio::test]
async fn a_close_before_the_response_is_a_lost_connection() {
    for reply in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let server = Server::once(reply).await;
        assert_eq!(
            told(get(&transport(), &server.url("/")).await),
            (Kind::Reset, true),
            "{reply:?}"
        );
    }
}

/// P15
#[tokio::test]
async fn p15_a_kept_connection_that_turns_out_closed_is_a_lost_one() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let server = Server::start(vec![
        vec![Step::Request, Step::Reply(reply.to_vec()), Step::Request],
        vec![Step::Request, Step::Reply(reply.to_vec())],
    ])
    .await;
    let transport = transport();
    read(get(&transport, &server.url("/")).await.unwrap()).await.unwrap();
    assert_eq!(told(get(&transport, &server.url("/")).await), (Kind::Reset, true));
    read(get(&transport, &server.url("/")).await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_body_that_ends_too_early_broke_off() {
    let replies = [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n",
    ];
    for reply in replies {
        let server = Server::once(reply).await;
        let mut body = get(&transport(), &server.url("/?signature=CANARY"))
            .await
            .unwrap()
            .into_body();
        assert_eq!(body.chunk().await.unwrap().unwrap(), "hello", "{reply}");
        let error = body.chunk().await.unwrap().unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_reached_server()),
            (Kind::Body, true),
            "{reply}"
        );
        assert!(!printed(&error).contains("CANARY"), "A13");
    }
}

#[tokio::test]
async fn a_body_ended_by_a_reset_broke_off() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello".to_vec();
    let server = Server::start(vec![vec![Step::Request, Step::Reply(reply), Step::Reset]]).await;
    // The reset may overtake everything that was sent before.
    let kind = match get(&transport(), &server.url("/")).await {
        Ok(response) => read(response).await.unwrap_err().kind(),
        Err(error) => error.kind(),
    };
    assert!(matches!(kind, Kind::Body | Kind::Reset), "{kind:?}");
}

#[tokio::test]
async fn the_connect_timeout_covers_the_tls_handshake() {
    // Connections are completed by the kernel; nobody ever answers on them.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let transport = ReqwestTransport::builder()
        .no_proxy()
        .connect_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let result = get(&transport, &format!("https://{address}/")).await;
    let expected = if cfg!(any(feature = "native-tls", feature = "rustls")) {
        Kind::Timeout
    } else {
        Kind::Tls
    };
    assert_eq!(told(result), (expected, false));
}

#[tokio::test]
async fn a_url_that_is_not_http_is_not_sent() {
    for url in ["/relative", "ftp://example.test/"] {
        let result = transport().send(request(Method::GET, url, Body::empty())).await;
        assert_eq!(told(result), (Kind::Other, false), "{url}");
    }
}

#[test]
fn outside_a_tokio_runtime_there_is_an_error_and_no_panic() {
    let result = futures_util::FutureExt::now_or_never(get(&transport(), "http://127.0.0.1:1/"));
    assert_eq!(told(result.unwrap()), (Kind::Other, false));
}
