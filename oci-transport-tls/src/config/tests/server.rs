use std::io::{Read, Write};
use std::ops::Deref;
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{ring, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConnection, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, ServerConnection, SignatureScheme,
    version,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use webpki::EndEntityCert;

/// Whoever signs certificates.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        Self(CertifiedIssuer::self_signed(params(name), KeyPair::generate().unwrap()).unwrap())
    }

    /// An authority that this one has signed.
    pub(super) fn intermediate(&self, name: &str) -> Self {
        Self(CertifiedIssuer::signed_by(params(name), KeyPair::generate().unwrap(), &self.0).unwrap())
    }

    pub(super) fn issue(&self, key: KeyPair) -> (Certificate, KeyPair) {
        let params = CertificateParams::new(vec!["registry.test".to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }

    /// Its name as a server sends it.
    fn name(&self) -> DistinguishedName {
        let certificate = EndEntityCert::try_from(self.0.der()).unwrap();
        DistinguishedName::in_sequence(certificate.subject())
    }
}

impl Deref for Authority {
    type Target = CertifiedIssuer<'static, KeyPair>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// A server, and what it asks of clients.
pub(super) struct Server {
    asks: Option<Arc<Asks>>,
    key: Arc<Shown>,
}

impl Server {
    /// One with a certificate by `authority` that asks for none.
    pub(super) fn of(authority: &Authority) -> Self {
        let (certificate, key) = authority.issue(KeyPair::generate().unwrap());
        Self {
            asks: None,
            key: Arc::new(Shown(certified(&certificate, &key))),
        }
    }

    /// Shows a certificate without having its key.
    pub(super) fn without_the_key(self) -> Self {
        let other = Self::of(&Authority::new("elsewhere"));
        let stolen = CertifiedKey::new(self.key.0.cert.clone(), other.key.0.key.clone());
        Self {
            key: Arc::new(Shown(Arc::new(stolen))),
            ..self
        }
    }

    /// Asks for a certificate by one of these authorities with such a signature, and takes any or none.
    pub(super) fn that_asks(self, names: &[&Authority], schemes: &[SignatureScheme]) -> Self {
        let asks = Asks {
            names: names.iter().map(|authority| authority.name()).collect(),
            schemes: schemes.to_vec(),
        };
        Self {
            asks: Some(Arc::new(asks)),
            ..self
        }
    }

    /// The same server with TLS 1.2 and with TLS 1.3.
    pub(super) fn configs(&self) -> [Arc<ServerConfig>; 2] {
        [&version::TLS12, &version::TLS13].map(|version| {
            let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_protocol_versions(&[version])
                .unwrap();
            let config = match self.asks.clone() {
                Some(asks) => config.with_client_cert_verifier(asks),
                None => config.with_no_client_auth(),
            };
            Arc::new(config.with_cert_resolver(self.key.clone()))
        })
    }
}

/// Runs a handshake to its end; gives the certificate that the client has shown, or what went wrong with either side.
pub(super) fn shake_hands(
    mut client: ClientConnection,
    server: Arc<ServerConfig>,
) -> Result<Option<CertificateDer<'static>>, String> {
    let mut server = ServerConnection::new(server).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut flight = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut flight as &mut dyn Write).unwrap();
        }
        take(&flight, |bytes| server.read_tls(bytes));
        server.process_new_packets().map_err(|error| error.to_string())?;
        let mut flight = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut flight as &mut dyn Write).unwrap();
        }
        take(&flight, |bytes| client.read_tls(bytes));
        client
            .process_new_packets()
            .map_err(|error| format!("{error} {error:?}"))?;
    }
    let chain = server.peer_certificates().and_then(<[_]>::first);
    Ok(chain.map(|certificate| certificate.clone().into_owned()))
}

fn take(mut flight: &[u8], mut read: impl FnMut(&mut dyn Read) -> std::io::Result<usize>) {
    while !flight.is_empty() {
        read(&mut flight).unwrap();
    }
}

fn certified(certificate: &Certificate, key: &KeyPair) -> Arc<CertifiedKey> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let chain = vec![certificate.der().clone()];
    Arc::new(CertifiedKey::from_der(chain, key, &ring::default_provider()).unwrap())
}

#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[derive(Debug)]
struct Asks {
    names: Vec<DistinguishedName>,
    schemes: Vec<SignatureScheme>,
}

impl ClientCertVerifier for Asks {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.names
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
