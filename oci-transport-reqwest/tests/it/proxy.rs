//! P27: proxies, and that their credentials stay secret.

use std::io::{Read as _, Write as _};

use http::Method;
use oci_client_core::transport::{Body, Transport as _, TransportErrorKind as Kind};
use oci_transport_reqwest::ReqwestTransport;

use crate::server::Server;
use crate::support::{get, printed, read, request};

#[tokio::test]
async fn p27_http_goes_through_the_proxy_with_its_credentials() {
    let mut proxy = Server::once("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let response = get(&through(&proxy), "http://registry.test/v2/").await.unwrap();
    assert_eq!(read(response).await.unwrap(), b"ok");
    let sent = proxy.recorded().await;
    assert!(
        sent.head.starts_with("GET http://registry.test/v2/ HTTP/1.1\r\n"),
        "{}",
        sent.head
    );
    // user:CANARY
    assert_eq!(sent.header("proxy-authorization"), Some("Basic dXNlcjpDQU5BUlk="));
}

#[tokio::test]
async fn p27_a_refusal_by_the_proxy_is_a_response() {
    let proxy = Server::once("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
    let sent = through(&proxy)
        .send(request(Method::PUT, "http://registry.test/", Body::empty()))
        .await;
    assert_eq!(sent.unwrap().status(), 407);
}

#[cfg(any(feature = "native-tls", feature = "rustls"))]
#[tokio::test]
async fn p27_https_asks_the_proxy_for_a_tunnel() {
    let mut proxy = Server::once("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
    let error = get(&through(&proxy), "https://registry.test/?signature=CANARY")
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Connect, false));
    assert!(error.to_string().contains("proxy authorization required"), "{error}");
    assert!(!printed(&error).contains("CANARY"));
    let sent = proxy.recorded().await;
    assert!(
        sent.head.starts_with("CONNECT registry.test:443 HTTP/1.1\r\n"),
        "{}",
        sent.head
    );
    assert_eq!(sent.header("proxy-authorization"), Some("Basic dXNlcjpDQU5BUlk="));
}

#[tokio::test]
async fn a13_p27_the_credentials_of_a_proxy_are_not_shown() {
    let proxy = Server::start(Vec::new()).await;
    let transport = through(&proxy);
    assert!(!format!("{transport:?}").contains("CANARY"));
    let error = get(&transport, "http://registry.test/?signature=CANARY")
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), Kind::Connect | Kind::Reset), "{error}");
    assert!(!printed(&error).contains("CANARY"), "{}", printed(&error));
}

#[test]
fn p27_the_environment_names_the_proxy() {
    const CHILD: &str = "TRANSPORT_TEST_BEHIND_PROXY";
    if std::env::var_os(CHILD).is_none() {
        // The environment of this process cannot be changed safely, that of another one can.
        let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "proxy::p27_the_environment_names_the_proxy"])
            .env_clear()
            .env(CHILD, "1")
            .env(
                "HTTP_PROXY",
                format!("http://user:CANARY@{}", proxy.local_addr().unwrap()),
            )
            .env("NO_PROXY", "direct.invalid")
            .spawn();
        let (mut stream, _) = proxy.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        assert!(child.unwrap().wait().unwrap().success());
        assert!(head.starts_with(b"GET http://registry.invalid/ HTTP/1.1\r\n"));
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let transport = ReqwestTransport::new().unwrap();
        assert_eq!(get(&transport, "http://registry.invalid/").await.unwrap().status(), 204);
        let error = get(&transport, "http://direct.invalid/").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Connect);
        assert!(!printed(&error).contains("CANARY"));
    });
}

fn through(proxy: &Server) -> ReqwestTransport {
    ReqwestTransport::builder()
        .proxy(format!("http://user:CANARY@{}", proxy.address))
        .build()
        .unwrap()
}
