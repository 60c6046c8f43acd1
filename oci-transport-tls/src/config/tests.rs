//! Handshakes in memory, in both versions of TLS.

mod server;

use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use rustls::{ClientConnection, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName};

use self::server::{Authority, Server};
use super::*;

const ECDSA: &[SignatureScheme] = &[SignatureScheme::ECDSA_NISTP256_SHA256];
const ED25519: &[SignatureScheme] = &[SignatureScheme::ED25519];
const BOTH: &[SignatureScheme] = &[SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ED25519];

/// What the server is shown, or why there is no connection.
fn shown(settings: &TlsSettings, server: &Server) -> Result<Option<CertificateDer<'static>>, String> {
    let config = Arc::new(settings.rustls_config().map_err(|error| error.to_string())?);
    let answers = server.configs().map(|config_of_server| {
        let name = ServerName::try_from("registry.test").unwrap();
        let client = ClientConnection::new(config.clone(), name).unwrap();
        server::shake_hands(client, config_of_server)
    });
    let [tls12, tls13] = answers;
    assert_eq!(tls12, tls13);
    tls12
}

#[test]
fn a27_servers_are_trusted_by_the_roots_that_were_added_and_by_no_others() {
    let (authority, other) = (Authority::new("authority"), Authority::new("other"));
    let server = Server::of(&authority);
    let bundle = other.pem() + &authority.pem();
    for trusting in [
        TlsSettings::new().root_certificates_pem(bundle),
        TlsSettings::new().root_certificate_der(authority.der().to_vec()),
    ] {
        assert_eq!(shown(&trusting, &server), Ok(None));
    }
    for settings in [
        TlsSettings::new(),
        TlsSettings::new().root_certificates_pem(other.pem()),
    ] {
        shown(&settings, &server).unwrap_err();
    }
}

#[test]
fn any_certificate_is_accepted_where_that_is_said_but_its_key_has_to_be_there() {
    let authority = Authority::new("authority");
    let settings = TlsSettings::new().danger_accept_invalid_certificates();
    assert_eq!(shown(&settings, &Server::of(&authority)), Ok(None));
    let error = shown(&settings, &Server::of(&authority).without_the_key()).unwrap_err();
    assert!(error.contains("BadSignature"), "{error}");
}

#[test]
fn a_system_without_roots_trusts_nobody_and_says_what_to_do() {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verdict::no_roots(&provider)))
        .with_no_client_auth();
    let name = ServerName::try_from("registry.test").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let [server, _] = Server::of(&Authority::new("authority")).configs();
    let error = server::shake_hands(client, server).unwrap_err();
    assert!(error.contains("no root certificates: install them"), "{error}");
}

/// Several certificates of one client, each by an authority of its own, as `hosts.toml` and `certs.d` may list them.
#[test]
fn of_several_client_certificates_the_server_is_shown_the_one_that_it_asks_for() {
    let (a, b, stranger) = (Authority::new("a"), Authority::new("b"), Authority::new("stranger"));
    let (one, one_key) = a.issue(KeyPair::generate().unwrap());
    let (two, two_key) = b.issue(KeyPair::generate_for(&PKCS_ED25519).unwrap());
    let trusting = || TlsSettings::new().root_certificates_pem(a.pem());
    let only = trusting().client_certificate_pem(one.pem(), one_key.serialize_pem());
    let both = only.clone().client_certificate_pem(two.pem(), two_key.serialize_pem());
    let cases: &[(&[&Authority], &[SignatureScheme], _)] = &[
        (&[], BOTH, &one),
        (&[&a], BOTH, &one),
        (&[&b], BOTH, &two),
        (&[&stranger, &b], BOTH, &two),
        (&[&stranger], BOTH, &one),
        (&[], ED25519, &two),
        (&[&a], ED25519, &two),
        (&[&b], ECDSA, &one),
    ];
    for (index, (names, schemes, expected)) in cases.iter().enumerate() {
        let server = Server::of(&a).that_asks(names, schemes);
        let answer = shown(&both, &server).unwrap();
        assert_eq!(answer.as_ref(), Some(expected.der()), "case {index}");
    }
    // One alone is shown whatever the server names, and where there is none that is left to the server.
    let server = Server::of(&a).that_asks(&[&b], BOTH);
    assert_eq!(shown(&only, &server).unwrap().as_ref(), Some(one.der()));
    assert_eq!(shown(&trusting(), &server), Ok(None));
}

#[test]
fn the_authority_behind_an_intermediate_counts_too() {
    let (a, root) = (Authority::new("a"), Authority::new("root"));
    let (one, one_key) = a.issue(KeyPair::generate().unwrap());
    let intermediate = root.intermediate("intermediate");
    let (two, two_key) = intermediate.issue(KeyPair::generate().unwrap());
    let settings = TlsSettings::new()
        .root_certificates_pem(a.pem())
        .client_certificate_pem(one.pem(), one_key.serialize_pem())
        .client_certificate_pem(two.pem() + &intermediate.pem(), two_key.serialize_pem());
    let server = Server::of(&a).that_asks(&[&root], BOTH);
    assert_eq!(shown(&settings, &server).unwrap().as_ref(), Some(two.der()));
}

#[test]
fn a27_what_cannot_be_used_is_an_error() {
    let key = KeyPair::generate().unwrap();
    let chain = CertificateParams::new(vec!["client.test".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .pem();
    let pem = key.serialize_pem();
    let other = KeyPair::generate().unwrap().serialize_pem();
    for key in ["", "not PEM at all", &chain, &pem[..pem.len() / 2], &other] {
        // Also behind one that is right.
        let settings = TlsSettings::new()
            .client_certificate_pem(chain.clone(), pem.clone())
            .client_certificate_pem(chain.clone(), key.to_owned());
        let error = settings.rustls_config().unwrap_err();
        assert!(
            error.to_string().starts_with("the client certificate"),
            "{key}: {error}"
        );
        assert!(
            !format!("{error} {error:?}").contains(pem.lines().nth(1).unwrap()),
            "A13"
        );
    }
    // Not even where it makes no difference.
    for settings in [
        TlsSettings::new(),
        TlsSettings::new().danger_accept_invalid_certificates(),
    ] {
        let error = settings.root_certificate_der(*b"junk").rustls_config().unwrap_err();
        assert!(
            error.to_string().starts_with("a root certificate cannot be read"),
            "{error}"
        );
    }
}
