//! The settings of rustls, judged before ureq sees them: it leaves out roots that it cannot read, and panics at a key that is not the certificate's.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig, TlsProvider};

use crate::BuildError;

/// What the caller wants of TLS, not looked into yet.
#[derive(Default)]
pub(crate) struct TlsSettings {
    pub(crate) client_certificate: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) roots: Vec<Vec<u8>>,
}

impl TlsSettings {
    pub(crate) fn config(self) -> Result<TlsConfig, BuildError> {
        let provider = Arc::new(ring::default_provider());
        let mut config = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(provider.clone());
        config = if self.roots.is_empty() {
            config.root_certs(RootCerts::PlatformVerifier)
        } else {
            config.root_certs(RootCerts::Specific(Arc::new(roots(&self.roots)?)))
        };
        if let Some((chain, key)) = self.client_certificate {
            config = config.client_cert(Some(client_certificate(provider, &chain, &key)?));
        }
        Ok(config.build())
    }
}

/// All certificates of the bundles.
fn roots(bundles: &[Vec<u8>]) -> Result<Vec<Certificate<'static>>, BuildError> {
    let mut readable = RootCertStore::empty();
    let mut roots = Vec::new();
    for bundle in bundles {
        for certificate in certificates(bundle, "the root certificates are not valid PEM")? {
            readable
                .add(certificate.clone())
                .map_err(|error| BuildError::caused_by("a root certificate cannot be read", error))?;
            roots.push(Certificate::from_der(&certificate).to_owned());
        }
    }
    Ok(roots)
}

fn client_certificate(provider: Arc<CryptoProvider>, chain: &[u8], key: &[u8]) -> Result<ClientCert, BuildError> {
    let chain = certificates(chain, CLIENT_CERTIFICATE)?;
    let parsed = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| BuildError::caused_by("the client certificate's key is not valid PEM", error))?;
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| BuildError::caused_by("TLS cannot be set up", error))?
        .with_root_certificates(RootCertStore::empty())
        .with_client_auth_cert(chain.clone(), parsed)
        .map_err(|error| BuildError::caused_by(CLIENT_CERTIFICATE, error))?;
    let key = PrivateKey::from_pem(key)
        .map_err(|error| BuildError::caused_by("the client certificate's key is not valid PEM", error))?;
    let chain: Vec<_> = chain
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    Ok(ClientCert::new_with_certs(&chain, key))
}

/// The certificates of a PEM bundle, of which there must be one at least.
fn certificates(bundle: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(bundle)
        .collect::<Result<_, _>>()
        .map_err(|error| BuildError::caused_by(what, error))?;
    if certificates.is_empty() {
        return Err(BuildError::caused_by(what, "there is no certificate in it"));
    }
    Ok(certificates)
}

const CLIENT_CERTIFICATE: &str = "the client certificate cannot be used";
