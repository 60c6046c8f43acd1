use std::sync::Arc;

use oci_client_core::transport::BuildError;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::TlsSettings;
use crate::client_certificates::ClientCertificates;
use crate::verdict::Verdict;

impl TlsSettings {
    /// A configuration of rustls with its own crypto provider, so that neither the process's default nor what else is in the build matters.
    ///
    /// It offers no application protocol: that is for the transport to choose.
    ///
    /// # Errors
    /// If a certificate or a key cannot be read, or a key is not its certificate's.
    pub fn rustls_config(&self) -> Result<ClientConfig, BuildError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = self.verifier(&provider)?;
        let client_certificates = ClientCertificates::new(self.client_certificates()?, &provider)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| BuildError::caused_by("TLS cannot be set up", error))?
            // Not dangerous, unless the caller wants it so: the verifier is the operating system's.
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(client_certificates));
        Ok(config)
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, BuildError> {
        let roots = self.roots()?;
        let mut readable = RootCertStore::empty();
        for root in &roots {
            readable
                .add(root.clone())
                .map_err(|error| BuildError::caused_by("a root certificate cannot be read", error))?;
        }
        if self.accepts_invalid_certificates() {
            return Ok(Arc::new(Verdict::trust_anybody(provider)));
        }
        Ok(match Verifier::new_with_extra_roots(roots, provider.clone()) {
            Ok(verifier) => Arc::new(verifier),
            Err(_) => Arc::new(Verdict::no_roots(provider)),
        })
    }
}

#[cfg(test)]
mod tests;
