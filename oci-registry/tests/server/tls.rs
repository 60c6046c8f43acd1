//! The registry over TLS.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::{Registry, Server, ServerLimits, ServerTls};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::running::{PATIENCE, Running, header, read, read_until_gone, until};

#[tokio::test]
async fn both_versions_and_the_scheme_of_the_uri() {
    /// Answers with the URI that it is asked for.
    struct Echo;

    #[async_trait]
    impl Transport for Echo {
        async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
            let mut response = Response::new(Body::empty());
            let uri = request.uri().to_string().try_into().unwrap();
            response.headers_mut().insert("x-uri", uri);
            Ok(response)
        }
    }

    let made = certificate();
    let server = serve(Echo, &tls(&made), ServerLimits::new()).await;
    for version in [&TLS12, &TLS13] {
        let mut stream = connect(&server, &made, &[version], &[b"h2", b"http/1.1"])
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
        stream.write_all(GET).await.unwrap();
        let answer = read(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(header(&answer, "x-uri").as_deref(), Some("https://localhost/v2/"));
    }
}

#[tokio::test]
async fn client_that_does_without_http1_is_refused() {
    let made = certificate();
    let server = serve(Registry::in_memory(), &tls(&made), ServerLimits::new()).await;
    connect(&server, &made, &[&TLS13], &[b"h2"]).await.unwrap_err();
    // One that does not say what it speaks is not.
    connect(&server, &made, &[&TLS13], &[]).await.unwrap();
}

/// A certificate can be renewed while connections with the old one go on.
#[tokio::test]
async fn replaced_certificate() {
    let (first, second) = (certificate(), certificate());
    let tls = tls(&first);
    let server = serve(Registry::in_memory(), &tls, ServerLimits::new()).await;
    let mut old = connect(&server, &first, &[&TLS13], &[]).await.unwrap();
    tls.replace(&ServerTls::from_pem(second.cert.pem(), second.signing_key.serialize_pem()).unwrap());
    connect(&server, &first, &[&TLS13], &[]).await.unwrap_err();
    let mut new = connect(&server, &second, &[&TLS13], &[]).await.unwrap();
    for stream in [&mut old, &mut new] {
        stream.write_all(GET).await.unwrap();
        assert!(read(stream).await.starts_with("HTTP/1.1 200 "));
    }
}

/// S07: a handshake has as long as the head of a request.
#[tokio::test]
async fn s07_handshake_that_does_not_come() {
    let limits = ServerLimits::new().with_head_time(Duration::from_millis(100));
    let server = serve(Registry::in_memory(), &tls(&certificate()), limits).await;
    let mut stream = server.connect().await;
    stream.write_all(&[22, 3, 1]).await.unwrap();
    assert_eq!(read_until_gone(&mut stream).await, b"");
    until(|| server.monitor.counts().connections_open() == 0).await;
}

#[tokio::test]
async fn request_without_tls_is_not_answered() {
    let server = serve(Registry::in_memory(), &tls(&certificate()), ServerLimits::new()).await;
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    let answer = read_until_gone(&mut stream).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(server.monitor.counts().requests_open(), 0);
    assert_eq!(server.monitor.counts().requests_by_status().count(), 0);
}

/// S07: also where a layer of encryption lies between.
#[tokio::test(flavor = "multi_thread")]
async fn s07_slow_clients_over_tls() {
    let made = certificate();
    let limits = ServerLimits::new().with_stall_time(Duration::from_millis(250));
    let registry = Registry::in_memory();
    let content = vec![7; 40_000_000];
    let digest = oci_spec_types::Digest::sha256(&content);
    let push = Request::post(format!("/v2/a/blobs/uploads/?digest={digest}")).body(Body::from(content));
    registry.handle(push.unwrap()).await;
    let server = serve(registry, &tls(&made), limits).await;
    let mut reader = connect(&server, &made, &[&TLS13], &[]).await.unwrap();
    let get = format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nhost: x\r\n\r\n");
    reader.write_all(get.as_bytes()).await.unwrap();
    let mut writer = connect(&server, &made, &[&TLS13], &[]).await.unwrap();
    let put = b"PUT /v2/a/manifests/tag HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-type: application/vnd.oci.image.manifest.v1+json\r\n\r\nx";
    writer.write_all(put).await.unwrap();
    assert!(read(&mut writer).await.starts_with("HTTP/1.1 408 "));
    until(|| server.monitor.counts().requests_open() == 0).await;
    drop(writer);
    until(|| server.monitor.counts().connections_open() == 0).await;
    let mut got = Vec::new();
    tokio::time::timeout(PATIENCE, reader.read_to_end(&mut got))
        .await
        .unwrap()
        .unwrap_err();
    assert!(got.starts_with(b"HTTP/1.1 200 ") && got.len() < 40_000_000);
}

#[test]
fn certificates_that_cannot_be_used() {
    let (made, other) = (certificate(), certificate());
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let broken = chain.replace("-----END", "*\n-----END");
    let cases = [
        ("", key.as_str(), "there is no certificate"),
        (key.as_str(), key.as_str(), "there is no certificate"),
        (chain.as_str(), "", "there is no private key"),
        (chain.as_str(), chain.as_str(), "there is no private key"),
        (broken.as_str(), key.as_str(), "the certificate is malformed PEM"),
        (
            chain.as_str(),
            &other.signing_key.serialize_pem(),
            "does not belong to the certificate",
        ),
        (NO_CERTIFICATE, key.as_str(), "cannot be used"),
    ];
    for (chain, key, message) in cases {
        let error = ServerTls::from_pem(chain, key).unwrap_err().to_string();
        assert!(error.contains(message), "{message}: {error}");
    }
    let error = ServerTls::from_files("/nowhere/chain.pem", "/nowhere/key.pem").unwrap_err();
    assert_eq!(error.to_string(), "could not read /nowhere/chain.pem");
    let tls = ServerTls::from_pem(&chain, &key).unwrap();
    assert_eq!(format!("{tls:?}"), "ServerTls { .. }");
}

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn tls(made: &CertifiedKey<KeyPair>) -> ServerTls {
    ServerTls::from_pem(made.cert.pem(), made.signing_key.serialize_pem()).unwrap()
}

async fn serve(service: impl Transport + 'static, tls: &ServerTls, limits: ServerLimits) -> Running {
    let server = Server::bind(service, "127.0.0.1:0").await.unwrap();
    Running::run(server.with_limits(limits).with_tls(tls.clone()))
}

/// Connects, trusting only the certificate in `made`.
async fn connect(
    server: &Running,
    made: &CertifiedKey<KeyPair>,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, server.connect().await)
        .await
}

const GET: &[u8] = b"GET /v2/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
/// PEM whose content is no certificate.
const NO_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
