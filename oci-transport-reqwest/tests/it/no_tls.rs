//! A build without TLS.

use oci_client_core::transport::TransportErrorKind as Kind;
use oci_transport_reqwest::ReqwestTransport;
use tokio::net::TcpListener;

use crate::support::get;

#[tokio::test]
async fn a26_https_fails_and_the_error_names_the_feature() {
    let error = get(&ReqwestTransport::new().unwrap(), "https://127.0.0.1:1/")
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.may_have_reached_server()), (Kind::Tls, false));
    assert!(error.to_string().contains("feature `rustls`"), "{error}");
}

#[tokio::test]
async fn a26_p27_https_is_not_sent_to_a_proxy_in_the_clear() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let transport = ReqwestTransport::builder().proxy(url).build().unwrap();
    tokio::select! {
        biased;
        result = get(&transport, "https://registry.test/") => assert_eq!(result.unwrap_err().kind(), Kind::Tls),
        _ = proxy.accept() => panic!("the proxy was asked"),
    }
}
