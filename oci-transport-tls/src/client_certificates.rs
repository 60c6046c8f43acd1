use std::sync::Arc;

use oci_client_core::hosts::ClientCertificate;
use oci_client_core::transport::BuildError;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls::{DistinguishedName, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use webpki::EndEntityCert;

use crate::pem::parse_certificates;
use crate::settings::CLIENT_CERTIFICATE;

/// The certificates of a client, of which a server is shown the one that suits it best.
#[derive(Debug)]
pub(crate) struct ClientCertificates(Vec<Arc<CertifiedKey>>);

impl ClientCertificates {
    /// Reads them and checks that each key belongs to its certificate.
    pub(crate) fn new(certificates: &[ClientCertificate], provider: &CryptoProvider) -> Result<Self, BuildError> {
        let keys = certificates
            .iter()
            .map(|certificate| certified_key(certificate, provider));
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }
}

impl ResolvesClientCert for ClientCertificates {
    /// One alone is shown without a look at what the server names, as many name their authorities wrong or none at all.
    fn resolve(&self, authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        if let [only] = self.0.as_slice() {
            return Some(only.clone());
        }
        let mut usable = self
            .0
            .iter()
            .filter(|candidate| candidate.key.choose_scheme(schemes).is_some());
        let first = usable.clone().next();
        usable
            .find(|candidate| is_issued_by(&candidate.cert, authorities))
            .or(first)
            .cloned()
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

fn certified_key(certificate: &ClientCertificate, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, BuildError> {
    let chain = parse_certificates(certificate.chain(), CLIENT_CERTIFICATE)?;
    let key = PrivateKeyDer::from_pem_slice(certificate.key().expose().as_bytes())
        .map_err(|error| BuildError::caused_by("the client certificate's key is not valid PEM", error))?;
    CertifiedKey::from_der(chain, key, provider)
        .map(Arc::new)
        .map_err(|error| BuildError::caused_by(CLIENT_CERTIFICATE, error))
}

/// Whether a certificate of `chain` is by one of `authorities`, whose names are as a server sends them.
fn is_issued_by(chain: &[CertificateDer<'static>], authorities: &[&[u8]]) -> bool {
    let issuers = chain.iter().filter_map(|certificate| {
        let parsed = EndEntityCert::try_from(certificate).ok()?;
        Some(DistinguishedName::in_sequence(parsed.issuer()))
    });
    issuers.into_iter().any(|issuer| authorities.contains(&issuer.as_ref()))
}
