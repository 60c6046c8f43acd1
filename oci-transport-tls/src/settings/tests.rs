use rcgen::{CertificateParams, KeyPair};

use super::*;

const JUNK: &str = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";

fn certificate() -> rcgen::Certificate {
    let params = CertificateParams::new(vec!["registry.test".to_owned()]).unwrap();
    params.self_signed(&KeyPair::generate().unwrap()).unwrap()
}

#[test]
fn a27_a_bundle_of_which_something_cannot_be_read_is_an_error() {
    let (one, other) = (certificate(), certificate());
    let key = KeyPair::generate().unwrap().serialize_pem();
    let unterminated = one.pem().replace("-----END CERTIFICATE-----", "");
    for bundle in ["", "not PEM at all", JUNK, &key, &unterminated, &(one.pem() + JUNK)] {
        let roots = TlsSettings::new().root_certificates_pem(bundle).roots();
        let text = roots.unwrap_err().to_string();
        assert!(text.starts_with(ROOTS), "{bundle}: {text}");
        let shown = TlsSettings::new().client_certificate_pem(bundle, key.clone());
        let text = shown.client_certificates().unwrap_err().to_string();
        assert!(text.starts_with(CLIENT_CERTIFICATE), "{bundle}: {text}");
    }
    let bundle = format!("# a comment\n{}{key}{}", one.pem(), other.pem());
    let settings = TlsSettings::new()
        .root_certificates_pem(bundle)
        .root_certificate_der(one.der().to_vec());
    let expected = [one.der(), other.der(), one.der()];
    assert!(settings.roots().unwrap().iter().eq(expected));
}

#[test]
fn what_a_host_says_goes_over_what_holds_for_all() {
    let (one, other) = (certificate(), certificate());
    let common = TlsSettings::new()
        .root_certificates_pem(one.pem())
        .client_certificate_pem(one.pem(), "KEY".to_owned());
    let chains = |settings: &TlsSettings| -> Vec<_> {
        let certificates = settings.client_certificates().unwrap();
        certificates.iter().map(|shown| shown.chain().to_vec()).collect()
    };

    let same = common.clone().for_host(&TransportSettings::new());
    assert_eq!(chains(&same), [one.pem().into_bytes()]);
    assert!(same.roots().unwrap().iter().eq([one.der()]));
    assert!(!same.accepts_invalid_certificates());

    let host = TransportSettings::new()
        .with_roots(other.pem())
        .with_client_certificate(other.pem(), "KEY".to_owned())
        .danger_accept_invalid_certificates();
    let own = common.for_host(&host);
    assert_eq!(chains(&own), [other.pem().into_bytes()]);
    assert!(own.roots().unwrap().iter().eq([one.der(), other.der()]));
    assert!(own.accepts_invalid_certificates());
}

#[test]
fn a13_keys_are_not_shown() {
    let settings = TlsSettings::new().client_certificate_pem("chain", "CANARY".to_owned());
    assert!(!format!("{settings:?}").contains("CANARY"));
}
