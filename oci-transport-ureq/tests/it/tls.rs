//! TLS: who is trusted, and what it is called when nobody is.

use std::io::{Read, Write};
use std::sync::Arc;

use http::Request;
use oci_client_core::blocking::{BlockingTransport, Body};
use oci_client_core::transport::{Timeouts, TransportErrorKind as Kind};
use oci_transport_ureq::UreqTransport;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::server::{read_head, serve};

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a client and its key, both PEM.
pub(crate) fn client_certificate(authority: &Authority) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

/// What is usual of a server certificate.
pub(crate) fn server_params() -> CertificateParams {
    CertificateParams::new(vec!["localhost".to_owned()]).unwrap()
}

/// A server with a certificate by `authority` that asks clients for one by `of_clients`, and gives `reply`; gives its URL.
pub(crate) fn secure(
    authority: &Authority,
    params: CertificateParams,
    of_clients: Option<&Authority>,
    reply: String,
) -> String {
    let config = config(authority, params, of_clients);
    let address = serve(move |stream| speak(&config, stream, &reply));
    format!("https://localhost:{}/", address.port())
}

fn config(authority: &Authority, params: CertificateParams, of_clients: Option<&Authority>) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = match of_clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap())
}

/// Answers one request.
fn speak(config: &Arc<ServerConfig>, mut stream: impl Read + Write, reply: &str) {
    let mut connection = ServerConnection::new(config.clone()).unwrap();
    // A client that does not trust the certificate breaks off here.
    if connection.complete_io(&mut stream).is_ok() {
        let mut stream = StreamOwned::new(connection, stream);
        read_head(&mut stream);
        stream.write_all(reply.as_bytes()).unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    }
}

pub(crate) fn send(transport: &impl BlockingTransport, url: &str) -> Result<bytes::Bytes, (Kind, bool, String)> {
    let request = Request::get(url).body(Body::empty()).unwrap();
    let response = transport.send(request, &Timeouts::new());
    response
        .and_then(|response| response.into_body().collect(10))
        .map_err(|error| (error.kind(), error.may_have_reached_server(), error.to_string()))
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[test]
fn a27_roots_that_were_added_are_trusted_and_others_are_not() {
    let (authority, other) = (authority("authority"), authority("other"));
    let builder = || UreqTransport::builder().no_proxy();
    for trusting in [
        builder().root_certificates_pem(other.pem() + &authority.pem()),
        builder().root_certificate_der(authority.der().to_vec()),
        builder().danger_accept_invalid_certificates(),
    ] {
        let url = secure(&authority, server_params(), None, OK.to_owned());
        assert_eq!(send(&trusting.build().unwrap(), &url).unwrap(), "ok");
    }
    for transport in [builder(), builder().root_certificates_pem(other.pem())] {
        let url = secure(&authority, server_params(), None, OK.to_owned());
        let (kind, sent, text) = send(&transport.build().unwrap(), &url).unwrap_err();
        assert_eq!((kind, sent), (Kind::Tls, false), "{text}");
        assert!(text.starts_with("no secure connection: "), "{text}");
    }
}

#[test]
fn a27_certificates_of_another_kind_are_refused() {
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
        let authority = authority("authority");
        let url = secure(&authority, params, None, OK.to_owned());
        let transport = UreqTransport::builder().no_proxy();
        let transport = transport.root_certificates_pem(authority.pem()).build().unwrap();
        let (kind, sent, text) = send(&transport, &url).unwrap_err();
        assert_eq!((kind, sent), (Kind::Tls, false), "{name}: {text}");
    }
}

#[test]
fn a26_a_server_without_tls_is_not_spoken_to() {
    let address = serve(|mut stream| {
        let mut hello = [0];
        stream.read_exact(&mut hello).unwrap();
        assert_eq!(hello, [22], "a TLS handshake");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let transport = UreqTransport::builder().no_proxy().build().unwrap();
    let (kind, sent, text) = send(&transport, &format!("https://{address}/")).unwrap_err();
    assert_eq!((kind, sent), (Kind::Tls, false), "{text}");
}

/// A server that wants one by another authority gets the certificate too, as there is no better one, and refuses it.
#[test]
fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let (authority, other) = (authority("authority"), authority("other"));
    let trusting = || {
        UreqTransport::builder()
            .no_proxy()
            .root_certificates_pem(authority.pem())
    };
    let with = |of: &[&Authority]| {
        let certificates = of.iter().map(|authority| client_certificate(authority));
        let shows = |builder: oci_transport_ureq::UreqTransportBuilder, (chain, key): (String, String)| {
            builder.client_certificate_pem(chain, key)
        };
        certificates.fold(trusting(), shows).build().unwrap()
    };
    for good in [with(&[&authority]), with(&[&other, &authority])] {
        let url = secure(&authority, server_params(), Some(&authority), OK.to_owned());
        assert_eq!(send(&good, &url).unwrap(), "ok");
    }
    for bad in [with(&[]), with(&[&other])] {
        let url = secure(&authority, server_params(), Some(&authority), OK.to_owned());
        let (kind, _, text) = send(&bad, &url).unwrap_err();
        // In TLS 1.3 the refusal comes after the client took the connection for ready, or as a reset.
        assert!(matches!(kind, Kind::Reset | Kind::Tls), "{text}");
    }
}

/// The proxy may speak TLS itself, and is judged as servers are.
#[test]
fn a27_p27_https_goes_through_a_tunnel_and_the_server_is_judged_at_its_end() {
    const TUNNEL: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
    let (authority, other) = (authority("authority"), authority("other"));
    for (scheme, trusted) in [("http", true), ("http", false), ("https", true), ("https", false)] {
        let proxy = config(&authority, server_params(), None);
        let server = config(if trusted { &authority } else { &other }, server_params(), None);
        let address = serve(move |mut stream| {
            if scheme == "http" {
                assert!(read_head(&mut stream).starts_with("CONNECT localhost:9 "));
                stream.write_all(TUNNEL).unwrap();
                return speak(&server, stream, OK);
            }
            let mut stream = StreamOwned::new(ServerConnection::new(proxy.clone()).unwrap(), stream);
            assert!(read_head(&mut stream).starts_with("CONNECT localhost:9 "));
            stream.write_all(TUNNEL).unwrap();
            stream.flush().unwrap();
            speak(&server, stream, OK);
        });
        let transport = UreqTransport::builder()
            .proxy(format!("{scheme}://localhost:{}", address.port()))
            .root_certificates_pem(authority.pem())
            .build()
            .unwrap();
        let answer = send(&transport, "https://localhost:9/");
        if trusted {
            assert_eq!(answer.unwrap(), "ok", "{scheme}");
        } else {
            let (kind, sent, text) = answer.unwrap_err();
            assert_eq!((kind, sent), (Kind::Tls, false), "{scheme}: {text}");
        }
    }
}

#[test]
fn a27_settings_that_are_wrong_are_errors() {
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
