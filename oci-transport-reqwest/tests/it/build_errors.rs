//! A27: a setting that is wrong is an error, and never left out.

use oci_client_core::transport::BuildError;
use oci_transport_reqwest::{ReqwestTransport, ReqwestTransportBuilder};

use crate::support::printed;

#[test]
fn a27_p27_proxy_urls() {
    let malformed = [
        "http://user:CANARY@[::1",
        "http://user:CANARY@host:99999/",
        "user:CANARY@proxy.test:3128",
        "ftp://user:CANARY@proxy.test/",
        "http:",
        "proxy.test:3128",
        "",
    ];
    for url in malformed {
        let error = fail(builder().proxy(url));
        assert!(error.to_string().starts_with("the proxy URL is "), "{url}: {error}");
        assert!(!printed(&error).contains("CANARY"), "A13");
    }
    for scheme in ["http", "https", "socks4", "socks4a", "socks5", "socks5h"] {
        builder()
            .proxy(format!("{scheme}://user:CANARY@proxy.test"))
            .build()
            .unwrap();
    }
}

#[test]
fn user_agents() {
    for value in ["line\nbreak", "nul\0"] {
        assert!(
            fail(builder().user_agent(value))
                .to_string()
                .starts_with("the user agent is no header value: ")
        );
    }
}

/// A13
#[test]
fn a13_settings_are_not_printed() {
    let builder = builder().proxy("http://user:CANARY@proxy.test");
    assert!(!format!("{builder:?}").contains("CANARY"));
    assert!(!format!("{:?}", builder.build().unwrap()).contains("CANARY"));
}

#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod certificates {
    use rcgen::{CertificateParams, KeyPair};

    use super::{builder, fail};
    use crate::support::printed;

    #[test]
    fn a27_root_bundles() {
        let (good, key) = certificate();
        let unterminated = good.split("-----END").next().unwrap();
        let not_base64 = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
        let not_a_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let bundles = [
            String::new(),
            "not PEM at all".to_owned(),
            key.serialize_pem(),
            unterminated.to_owned(),
            not_base64.to_owned(),
            not_a_certificate.to_owned(),
            format!("{good}{not_base64}"),
            format!("{good}{not_a_certificate}"),
        ];
        for bundle in bundles {
            let error = fail(builder().root_certificates_pem(bundle.clone())).to_string();
            assert!(error.contains("root certificate"), "{bundle}: {error}");
        }
        assert!(
            fail(builder().root_certificate_der(*b"junk"))
                .to_string()
                .starts_with("a root certificate cannot be read")
        );
        builder()
            .root_certificates_pem(format!("# a comment\n{good}{}", key.serialize_pem()))
            .build()
            .unwrap();
    }

    #[test]
    fn a27_client_certificates() {
        let (chain, key) = certificate();
        let pem = key.serialize_pem();
        let (other_chain, _) = certificate();
        let pairs = [
            (chain.as_str(), ""),
            (&chain, "not PEM at all"),
            (&chain, &chain),
            (&chain, &pem[..pem.len() / 2]),
            ("", &pem),
            ("not PEM at all", &pem),
            (&other_chain, &pem),
        ];
        for (chain, key) in pairs {
            let error = fail(builder().client_certificate_pem(chain, key.to_owned()));
            let text = error.to_string();
            // OpenSSL compares the key with its certificate only in the end.
            let told = text.starts_with("the client certificate") || text.contains("key values mismatch");
            assert!(told, "{chain} {key}: {text}");
            assert!(!printed(&error).contains(pem.lines().nth(1).unwrap()), "A13");
        }
        let builder = builder().client_certificate_pem(chain, pem.clone());
        assert!(!format!("{builder:?}").contains(pem.lines().nth(1).unwrap()), "A13");
        builder.build().unwrap();
    }

    fn certificate() -> (String, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["client.test".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key)
    }
}

fn builder() -> ReqwestTransportBuilder {
    ReqwestTransport::builder().no_proxy()
}

fn fail(builder: ReqwestTransportBuilder) -> BuildError {
    builder.build().unwrap_err()
}
