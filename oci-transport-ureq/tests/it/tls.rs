//! TLS: who is trusted, and what it is called when nobody is.

use std::io::Write as _;
use std::sync::Arc;

use http::Request;
use oci_client_core::blocking::{BlockingTransport as _, Body};
use oci_client_core::transport::{Timeouts, TransportErrorKind as Kind};
use oci_transport_ureq::UreqTransport;
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::PrivateKeyDer;

use crate::server::{read_head, serve};

/// A server with a certificate for `name`, signed by itself; gives its port and the certificate.
fn server(name: &str) -> (u16, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let address = serve(move |mut stream| {
        let mut connection = ServerConnection::new(config.clone()).unwrap();
        // A client that does not trust the certificate breaks off here.
        if connection.complete_io(&mut stream).is_ok() {
            let mut stream = StreamOwned::new(connection, stream);
            read_head(&mut stream);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        }
    });
    (address.port(), certificate.pem())
}

fn send(transport: &UreqTransport, url: String) -> Result<bytes::Bytes, (Kind, bool, String)> {
    let request = Request::get(url).body(Body::empty()).unwrap();
    let response = transport.send(request, &Timeouts::new());
    response
        .and_then(|response| response.into_body().collect(10))
        .map_err(|error| (error.kind(), error.may_have_reached_server(), error.to_string()))
}

#[test]
fn a_root_that_was_given_is_trusted() {
    let (port, certificate) = server("localhost");
    let transport = UreqTransport::builder()
        .no_proxy()
        .root_certificates_pem(certificate)
        .build()
        .unwrap();
    assert_eq!(send(&transport, format!("https://localhost:{port}/")).unwrap(), "ok");
}

#[test]
fn others_are_not() {
    let (port, certificate) = server("elsewhere.test");
    let (_, other) = server("localhost");
    let builder = || UreqTransport::builder().no_proxy();
    for transport in [
        builder(),
        builder().root_certificates_pem(other),
        builder().root_certificates_pem(certificate),
    ] {
        let (kind, sent, text) = send(&transport.build().unwrap(), format!("https://localhost:{port}/")).unwrap_err();
        assert_eq!((kind, sent), (Kind::Tls, false), "{text}");
    }
}

#[test]
fn settings_that_are_wrong_are_errors() {
    let key = KeyPair::generate().unwrap();
    let pem = |key: &KeyPair| {
        CertificateParams::new(vec!["a.test".to_owned()])
            .unwrap()
            .self_signed(key)
            .unwrap()
            .pem()
    };
    let (good, other) = (pem(&key), KeyPair::generate().unwrap());
    let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for bundle in [
        "",
        "not PEM at all",
        junk,
        &format!("{good}{junk}"),
        &key.serialize_pem(),
    ] {
        let error = UreqTransport::builder()
            .root_certificates_pem(bundle)
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("root certificate"), "{bundle}: {error}");
    }
    let pairs = [
        (good.as_str(), String::new()),
        (&good, other.serialize_pem()),
        ("", key.serialize_pem()),
        (junk, key.serialize_pem()),
    ];
    for (chain, key) in pairs {
        let error = UreqTransport::builder()
            .client_certificate_pem(chain, key)
            .build()
            .unwrap_err();
        assert!(error.to_string().starts_with("the client certificate"), "{error}");
    }
    UreqTransport::builder()
        .client_certificate_pem(good, key.serialize_pem())
        .build()
        .unwrap();
}
