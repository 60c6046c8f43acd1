use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;

use super::no_roots::NoRoots;
use super::pem::{KeyPair, parse_certificates};
use super::unverified::Unverified;
use crate::BuildError;

/// Which servers to trust.
pub(super) enum Trust {
    Anybody,
    /// Those that the operating system trusts, and those with a certificate by one of these.
    SystemAnd(Vec<CertificateDer<'static>>),
}

/// A configuration with its own crypto provider, so that neither the process's default nor what else is in the build
/// matters.
pub(super) fn config(
    trust: Trust,
    client_certificate: Option<&KeyPair>,
    http1_only: bool,
) -> Result<ClientConfig, BuildError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = match trust {
        Trust::Anybody => Arc::new(Unverified::new(provider.clone())),
        Trust::SystemAnd(roots) => verifier(roots, provider.clone())?,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| BuildError::caused_by("TLS cannot be set up", error))?
        // Not dangerous, unless the caller wants it so: the verifier is the operating system's.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match client_certificate {
        Some(pair) => {
            let chain = parse_certificates(&pair.chain, CLIENT_CERTIFICATE)?;
            let key = PrivateKeyDer::from_pem_slice(&pair.key)
                .map_err(|error| BuildError::caused_by("the client certificate's key is not valid PEM", error))?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(|error| BuildError::caused_by(CLIENT_CERTIFICATE, error))?
        }
        None => config.with_no_client_auth(),
    };
    let protocols: &[&[u8]] = if http1_only {
        &[b"http/1.1"]
    } else {
        &[b"h2", b"http/1.1"]
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

pub(super) fn ensure_default_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, which is as good.
        let _ = ring::default_provider().install_default();
    }
}

fn verifier(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, BuildError> {
    let mut readable = RootCertStore::empty();
    for root in &roots {
        readable
            .add(root.clone())
            .map_err(|error| BuildError::caused_by("a root certificate cannot be read", error))?;
    }
    Ok(match Verifier::new_with_extra_roots(roots, provider.clone()) {
        Ok(verifier) => Arc::new(verifier),
        Err(_) => Arc::new(NoRoots::new(provider)),
    })
}

const CLIENT_CERTIFICATE: &str = "the client certificate cannot be used";
