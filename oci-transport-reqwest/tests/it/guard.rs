//! Hosts that a server has named (A07): `localhost` stands for any name that resolves to a private address.

use http::{Method, Request};
use oci_client_core::proto::outbound::ServerSupplied;
use oci_client_core::transport::{Body, Transport, TransportErrorKind as Kind};
use oci_transport_reqwest::ReqwestTransport;
use tokio::net::TcpListener;

use crate::server::Server;
use crate::support::{get, printed, request, transport};

const ANSWER: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn supplied(url: &str) -> Request<Body> {
    let mut request = request(Method::GET, url, Body::empty());
    request.extensions_mut().insert(ServerSupplied::default());
    request
}

fn at_name(server: &Server) -> String {
    format!("http://localhost:{}/", server.address.port())
}

#[tokio::test]
async fn a07_a_name_that_a_server_supplied_is_not_connected_to_at_a_private_address() {
    let server = Server::once(ANSWER).await;
    let transport = transport();
    let error = transport.send(supplied(&at_name(&server))).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Other, false));
    assert!(!error.is_retryable());
    let text = printed(&error);
    assert!(text.contains("with_private_addresses"), "{text}");
    // The same name, given by the user.
    get(&transport, &at_name(&server)).await.unwrap();
}

#[tokio::test]
async fn a07_an_address_that_a_server_supplied_is_not_connected_to_unless_it_is_public() {
    let server = Server::once(ANSWER).await;
    let transport = transport();
    let error = transport.send(supplied(&server.url("/"))).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Other, false));
    assert!(!error.is_retryable());
    get(&transport, &server.url("/")).await.unwrap();
}

#[tokio::test]
async fn a07_a_connection_that_the_user_asked_for_is_not_shared() {
    let keep = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let server = Server::once(keep).await;
    let transport = transport();
    get(&transport, &at_name(&server)).await.unwrap();
    transport.send(supplied(&at_name(&server))).await.unwrap_err();
}

#[tokio::test]
async fn a_proxy_is_where_the_user_says_and_resolves_names_itself() {
    let proxy = Server::once(ANSWER).await;
    let transport = ReqwestTransport::builder().proxy(at_name(&proxy)).build().unwrap();
    transport.send(supplied("http://cdn.test/")).await.unwrap();
}

#[tokio::test]
async fn a07_names_that_are_resolved_here_for_a_proxy_are_looked_at_too() {
    for scheme in ["socks4", "socks5"] {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://{}", proxy.local_addr().unwrap());
        let transport = ReqwestTransport::builder().proxy(url).build().unwrap();
        let error = tokio::select! {
            answer = transport.send(supplied("http://localhost:9/")) => answer.unwrap_err(),
            _ = proxy.accept() => panic!("{scheme}: the proxy was asked"),
        };
        assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Other, false));
        let text = printed(&error);
        assert!(text.contains("with_private_addresses"), "{scheme}: {text}");
        // The same name, given by the user.
        tokio::select! {
            answer = get(&transport, "http://localhost:9/") => panic!("{scheme}: {answer:?}"),
            asked = proxy.accept() => drop(asked.unwrap()),
        }
    }
}
