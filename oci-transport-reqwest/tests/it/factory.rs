//! Transports by origin: what is configured of a host holds there and nowhere else.

use std::sync::Arc;

use oci_client_core::ErrorKind;
use oci_client_core::hosts::TransportSettings;
use oci_client_core::transport::{Transport, TransportFactory};
use oci_transport_reqwest::{ReqwestTransport, ReqwestTransportBuilder};
use url::Url;

use crate::server::Server;
use crate::support::{get, printed};

fn builder() -> ReqwestTransportBuilder {
    ReqwestTransport::builder().no_proxy()
}

fn make(settings: &TransportSettings) -> Result<Arc<dyn Transport>, oci_client_core::Error> {
    let origin = Url::parse("https://registry.test").unwrap().origin();
    builder().transport(&origin, settings)
}

#[tokio::test]
async fn p27_a_host_has_a_proxy_of_its_own() {
    let mut proxy = Server::once("HTTP/1.1 204 No Content\r\n\r\n").await;
    let url = proxy.url("").replace("http://", "http://me:CANARY@");
    let transport = make(&TransportSettings::new().with_proxy(url)).unwrap();
    assert_eq!(get(&transport, "http://registry.test/v2/").await.unwrap().status(), 204);
    let recorded = proxy.recorded().await;
    assert!(
        recorded.head.starts_with("GET http://registry.test/v2/ "),
        "{}",
        recorded.head
    );
    assert!(recorded.header("proxy-authorization").is_some());

    let server = Server::once("HTTP/1.1 204 No Content\r\n\r\n").await;
    let through_nothing = ReqwestTransport::builder().proxy("http://proxy.invalid:1");
    let origin = Url::parse(&server.url("/")).unwrap().origin();
    let direct = through_nothing
        .transport(&origin, &TransportSettings::new().without_proxy())
        .unwrap();
    assert_eq!(get(&direct, &server.url("/")).await.unwrap().status(), 204);
}

/// A13, A27
#[test]
fn a_setting_that_cannot_be_used_is_an_error() {
    let mut cases = vec![
        TransportSettings::new().with_proxy("ftp://me:CANARY@proxy.test".to_owned()),
        TransportSettings::new().with_roots("CANARY"),
        TransportSettings::new().with_roots(""),
        TransportSettings::new().with_client_certificate("CANARY", "CANARY".to_owned()),
    ];
    if cfg!(not(any(feature = "native-tls", feature = "rustls"))) {
        cases.push(TransportSettings::new().danger_accept_invalid_certificates());
    }
    for settings in cases {
        let error = make(&settings).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(!printed(&error).contains("CANARY"), "{error}");
    }
}

#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod tls {
    use oci_client_core::client::Client;
    use oci_client_core::hosts::{Endpoint, HostConfig};
    use oci_client_core::proto::{HostProfile, RetryPolicy};
    use oci_spec_types::{Descriptor, MediaType};
    use oci_transport_reqwest::TokioRuntime;
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::server::Step;
    use crate::support::read;
    use crate::tls::{asking_config, authority, authority_named, https, serve, server_config, server_params};

    #[tokio::test]
    async fn any_certificate_is_accepted_where_that_is_said_and_only_there() {
        let untrusted = || serve(server_config(&authority(), server_params()));
        let server = untrusted().await;
        let trusting = make(&TransportSettings::new().danger_accept_invalid_certificates()).unwrap();
        assert_eq!(
            read(get(&trusting, &https(&server)).await.unwrap()).await.unwrap(),
            b"ok"
        );
        let server = untrusted().await;
        get(&make(&TransportSettings::new()).unwrap(), &https(&server))
            .await
            .unwrap_err();
    }

    /// As `hosts.toml` and `certs.d` may list them.
    #[tokio::test]
    async fn of_several_client_certificates_the_server_is_shown_its_own() {
        let (authority, other) = (authority(), authority_named("other"));
        let mut settings = TransportSettings::new().with_roots(authority.pem());
        for issuer in [&other, &authority] {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            let chain = params.signed_by(&key, issuer).unwrap().pem();
            settings = settings.with_client_certificate(chain, key.serialize_pem());
        }
        let made = make(&settings);
        if cfg!(feature = "rustls") {
            let server = serve(asking_config(&authority)).await;
            let response = get(&made.unwrap(), &https(&server)).await.unwrap();
            assert_eq!(read(response).await.unwrap(), b"ok");
        } else {
            let error = made.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains("with the feature `rustls`"), "{error}");
        }
    }

    /// The registry redirects to another origin that asks for a client certificate too: it gets none.
    #[tokio::test]
    async fn a_client_certificate_is_shown_at_its_origin_only() {
        let authority = authority();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let chain = params.signed_by(&key, &authority).unwrap().pem();

        for listed in [false, true] {
            let mut elsewhere = serve(asking_config(&authority)).await;
            let redirect = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
                https(&elsewhere)
            );
            let tls = TlsAcceptor::from(Arc::new(asking_config(&authority)));
            let script = vec![Step::Request, Step::Reply(redirect.into_bytes())];
            let mut registry = Server::launch(vec![script], Some(tls)).await;

            let settings = TransportSettings::new()
                .with_roots(authority.pem())
                .with_client_certificate(chain.clone(), key.serialize_pem());
            let host = |server: &Server| {
                let name = server.address.to_string().parse().unwrap();
                let base = Url::parse(&https(server)).unwrap();
                let profile = HostProfile::new(name).with_base(base).unwrap();
                let profile = profile.with_retry(RetryPolicy::new().with_retries(0));
                HostConfig::of(
                    profile.host().clone(),
                    Endpoint::new(profile).with_transport(settings.clone()),
                )
            };
            let common = builder().root_certificates_pem(authority.pem());
            let transport = common.clone().build().unwrap();
            let mut client = Client::builder(Arc::new(transport), Arc::new(TokioRuntime::try_current().unwrap()))
                .transport_factory(common)
                .host(host(&registry));
            if listed {
                client = client.host(host(&elsewhere));
            }
            let name = registry.address.to_string().parse().unwrap();
            let repository = client
                .try_build()
                .unwrap()
                .registry(&name)
                .repository("app".parse().unwrap());
            let blob = Descriptor::of(MediaType::IMAGE_LAYER_GZIP, b"ok");
            let read = repository.blob(&blob).unwrap().bytes(2).await;
            // The registry got past the handshake, which it only does with a certificate.
            assert!(registry.recorded().await.head.starts_with("GET /v2/app/blobs/"));
            if listed {
                assert_eq!(read.unwrap(), "ok");
                assert!(elsewhere.recorded().await.head.starts_with("GET / "));
            } else {
                assert_eq!(read.unwrap_err().kind(), ErrorKind::Transport);
            }
        }
    }
}
