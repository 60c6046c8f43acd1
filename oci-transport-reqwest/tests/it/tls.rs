//! TLS: whom the transport trusts, and what it says when it does not.

use std::sync::Arc;

use http::Version;
use oci_client_core::transport::TransportErrorKind as Kind;
use oci_transport_reqwest::{ReqwestTransport, ReqwestTransportBuilder};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

use crate::server::{Server, Step};
use crate::support::{get, read};

#[tokio::test]
async fn a27_a_root_that_is_not_trusted_is_refused() {
    let server = serve(server_config(&authority(), server_params())).await;
    let error = get(&builder().build().unwrap(), &https(&server)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_reached_server()),
        (Kind::Tls, false),
        "{error}"
    );
    assert!(error.to_string().starts_with("no secure connection: "), "{error}");
}

#[tokio::test]
async fn a_root_that_was_added_is_trusted() {
    let (authority, other) = (authority(), authority_named("other"));
    let bundle = other.pem() + &authority.pem();
    for builder in [
        builder().root_certificates_pem(bundle),
        builder()
            .root_certificate_der(other.der().to_vec())
            .root_certificate_der(authority.der().to_vec()),
    ] {
        let server = serve(server_config(&authority, server_params())).await;
        let response = get(&builder.build().unwrap(), &https(&server)).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_11);
        assert_eq!(read(response).await.unwrap(), b"ok");
    }
}

/// A27
#[tokio::test]
async fn a27_certificates_of_another_kind_are_refused() {
    let authority = authority();
    let mut expired = server_params();
    expired.not_before = rcgen::date_time_ymd(2001, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let mut for_clients = server_params();
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let other_name = CertificateParams::new(vec!["registry.test".to_owned()]).unwrap();
    for (name, params) in [
        ("expired", expired),
        ("for clients", for_clients),
        ("another name", other_name),
    ] {
        let server = serve(server_config(&authority, params)).await;
        let transport = builder().root_certificates_pem(authority.pem()).build().unwrap();
        let error = get(&transport, &https(&server)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_reached_server()),
            (Kind::Tls, false),
            "{name}: {error}"
        );
    }
}

/// A26
#[tokio::test]
async fn a26_a_server_without_tls_is_not_spoken_to() {
    let server = Server::start(vec![vec![
        Step::Take(1),
        Step::Reply(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
    ]])
    .await;
    let error = get(&builder().build().unwrap(), &https(&server)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_reached_server()),
        (Kind::Tls, false),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let authority = authority();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let chain = params.signed_by(&key, &authority).unwrap().pem();
    let trusting = || builder().root_certificates_pem(authority.pem());
    let with = trusting()
        .client_certificate_pem(chain, key.serialize_pem())
        .build()
        .unwrap();
    let without = trusting().build().unwrap();

    let server = serve(asking_config(&authority)).await;
    assert_eq!(read(get(&with, &https(&server)).await.unwrap()).await.unwrap(), b"ok");
    let server = serve(asking_config(&authority)).await;
    let error = get(&without, &https(&server)).await.unwrap_err();
    // In TLS 1.3 the refusal may come after the client took the connection for ready, or as a reset.
    assert!(matches!(error.kind(), Kind::Reset | Kind::Tls), "{error}");
}

#[tokio::test]
async fn the_server_chooses_http2_unless_it_is_switched_off() {
    let authority = authority();
    for http1_only in [false, true] {
        let mut config = server_config(&authority, server_params());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let chosen = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap();
            stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec)
        });
        let mut builder = builder().root_certificates_pem(authority.pem());
        if http1_only {
            builder = builder.http1_only();
        }
        // The server hangs up once it knows what was chosen.
        get(&builder.build().unwrap(), &url).await.unwrap_err();
        let expected: &[u8] = if http1_only { b"http/1.1" } else { b"h2" };
        assert_eq!(chosen.await.unwrap().as_deref(), Some(expected));
    }
}

/// Many small containers have no root certificates.
#[cfg(all(feature = "rustls", target_os = "linux"))]
#[tokio::test]
async fn a_system_without_roots_fails_only_where_one_is_needed() {
    const CHILD: &str = "TRANSPORT_TEST_WITHOUT_ROOTS";
    if std::env::var_os(CHILD).is_none() {
        // The environment of this process cannot be changed safely, that of another one can.
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tls::a_system_without_roots_fails_only_where_one_is_needed"])
            .envs([
                (CHILD, "1"),
                ("SSL_CERT_FILE", "/dev/null"),
                ("SSL_CERT_DIR", "/dev/null"),
            ])
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let transport = builder().build().unwrap();
    let server = Server::once("HTTP/1.1 204 No Content\r\n\r\n").await;
    get(&transport, &server.url("/")).await.unwrap();
    let server = serve(server_config(&authority(), server_params())).await;
    let error = get(&transport, &https(&server)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls);
    assert!(error.to_string().contains("no root certificates"), "{error}");
}

pub(crate) fn builder() -> ReqwestTransportBuilder {
    ReqwestTransport::builder().no_proxy()
}

pub(crate) fn https(server: &Server) -> String {
    format!("https://{}/", server.address)
}

/// Serves two requests, so that a client may try again.
pub(crate) async fn serve(config: ServerConfig) -> Server {
    let script = || {
        vec![
            Step::Request,
            Step::Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()),
        ]
    };
    Server::launch(vec![script(), script()], Some(TlsAcceptor::from(Arc::new(config)))).await
}

pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    authority_named("authority")
}

pub(crate) fn authority_named(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn server_params() -> CertificateParams {
    CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap()
}

fn issue(
    authority: &CertifiedIssuer<'static, KeyPair>,
    params: CertificateParams,
) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (
        vec![certificate.der().clone()],
        PrivateKeyDer::Pkcs8(key.serialize_der().into()),
    )
}

pub(crate) fn server_config(authority: &CertifiedIssuer<'static, KeyPair>, params: CertificateParams) -> ServerConfig {
    let (chain, key) = issue(authority, params);
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

/// The configuration of a server that wants a certificate of `authority` from its clients.
pub(crate) fn asking_config(authority: &CertifiedIssuer<'static, KeyPair>) -> ServerConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .unwrap();
    let (chain, key) = issue(authority, server_params());
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .unwrap()
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
