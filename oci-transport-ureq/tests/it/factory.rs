//! Transports by origin: what is configured of a host holds there and nowhere else.

use std::sync::{Arc, mpsc};

use http::Request;
use oci_client_core::blocking::{BlockingTransport, BlockingTransportFactory as _, Body};
use oci_client_core::hosts::TransportSettings;
use oci_client_core::transport::Timeouts;
use oci_client_core::{Error, ErrorKind};
use oci_transport_ureq::{UreqTransport, UreqTransportBuilder};
use url::Url;

use crate::server::{answer, printed, read_head, serve};

fn builder() -> UreqTransportBuilder {
    UreqTransport::builder().no_proxy()
}

fn make(settings: &TransportSettings) -> Result<Arc<dyn BlockingTransport>, Error> {
    let origin = Url::parse("https://registry.test").unwrap().origin();
    builder().transport(&origin, settings)
}

fn status(transport: &impl BlockingTransport, url: &str) -> u16 {
    let request = Request::get(url).body(Body::empty()).unwrap();
    transport.send(request, &Timeouts::new()).unwrap().status().as_u16()
}

#[test]
fn p27_a_host_has_a_proxy_of_its_own() {
    let (sender, heads) = mpsc::channel();
    let proxy = serve(move |mut stream| {
        sender.send(read_head(&mut stream)).unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        answer(&mut stream, "HTTP/1.1 204 No Content\r\n\r\n");
    });
    let transport = make(&TransportSettings::new().with_proxy(format!("http://me:CANARY@{proxy}"))).unwrap();
    assert_eq!(status(&transport, "http://registry.test/v2/"), 204);
    let head = heads.recv().unwrap();
    assert!(head.starts_with("CONNECT registry.test:80 "), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic "), "{head}");

    let server = serve(|mut stream| answer(&mut stream, "HTTP/1.1 204 No Content\r\n\r\n"));
    let url = format!("http://{server}/");
    let origin = Url::parse(&url).unwrap().origin();
    let through_nothing = UreqTransport::builder().proxy("http://proxy.invalid:1");
    let direct = through_nothing.transport(&origin, &TransportSettings::new().without_proxy());
    assert_eq!(status(&direct.unwrap(), &url), 204);
    let inherited = through_nothing.transport(&origin, &TransportSettings::new()).unwrap();
    let request = Request::get(&url).body(Body::empty()).unwrap();
    inherited.send(request, &Timeouts::new()).unwrap_err();
}

/// A13, A27
#[test]
fn a13_a27_a_setting_that_cannot_be_used_is_an_error() {
    let mut cases = vec![
        TransportSettings::new().with_proxy("ftp://me:CANARY@proxy.test".to_owned()),
        TransportSettings::new().with_roots("CANARY"),
        TransportSettings::new().with_roots(""),
        TransportSettings::new().with_client_certificate("CANARY", "CANARY".to_owned()),
    ];
    if cfg!(not(feature = "rustls")) {
        cases.push(TransportSettings::new().danger_accept_invalid_certificates());
    }
    for settings in cases {
        let error = make(&settings).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(!printed(&error).contains("CANARY"), "{error}");
    }
}

#[cfg(feature = "rustls")]
mod tls {
    use oci_client_core::blocking::Client;
    use oci_client_core::hosts::{Endpoint, HostConfig};
    use oci_client_core::proto::{HostProfile, RetryPolicy};
    use oci_spec_types::{Descriptor, MediaType};

    use super::*;
    use crate::tls::{OK, authority, client_certificate, secure, send, server_params};

    #[test]
    fn any_certificate_is_accepted_where_that_is_said_and_only_there() {
        let url = || secure(&authority("unknown"), server_params(), None, OK.to_owned());
        let trusting = make(&TransportSettings::new().danger_accept_invalid_certificates()).unwrap();
        assert_eq!(send(&trusting, &url()).unwrap(), "ok");
        send(&make(&TransportSettings::new()).unwrap(), &url()).unwrap_err();
    }

    /// The registry redirects to another origin that asks for a client certificate too: it gets none.
    #[test]
    fn a_client_certificate_is_shown_at_its_origin_only() {
        let (authority, other) = (authority("authority"), authority("other"));
        let ((chain, key), (other_chain, other_key)) = (client_certificate(&authority), client_certificate(&other));
        for listed in [false, true] {
            let elsewhere = secure(&authority, server_params(), Some(&authority), OK.to_owned());
            let redirect = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nConnection: close\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n"
            );
            let registry = secure(&authority, server_params(), Some(&authority), redirect);
            let settings = TransportSettings::new()
                .with_roots(authority.pem())
                .with_client_certificate(other_chain.clone(), other_key.clone())
                .with_client_certificate(chain.clone(), key.clone());
            let host = |url: &str| {
                let base = Url::parse(url).unwrap();
                let name = base[url::Position::BeforeHost..url::Position::AfterPort]
                    .parse()
                    .unwrap();
                let profile = HostProfile::new(name).with_base(base).unwrap();
                let profile = profile.with_retry(RetryPolicy::new().with_retries(0));
                let endpoint = Endpoint::new(profile.clone()).with_transport(settings.clone());
                HostConfig::of(profile.host().clone(), endpoint)
            };
            let common = builder().root_certificates_pem(authority.pem());
            let mut client = Client::builder(Arc::new(common.clone().build().unwrap()))
                .transport_factory(common)
                .host(host(&registry));
            if listed {
                client = client.host(host(&elsewhere));
            }
            let name = host(&registry).registry().profile().host().clone();
            let client = client.try_build().unwrap();
            let repository = client.registry(&name).repository("app".parse().unwrap());
            let blob = Descriptor::of(MediaType::IMAGE_LAYER_GZIP, b"ok");
            let read = repository.blob(&blob).unwrap().bytes(2);
            if listed {
                assert_eq!(read.unwrap(), "ok");
            } else {
                // The registry was told apart: it was asked with a certificate, or there would be no redirect.
                let error = read.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
                let elsewhere = elsewhere.trim_start_matches("https://").trim_end_matches('/');
                assert!(error.to_string().contains(elsewhere), "{error}");
            }
        }
    }
}
