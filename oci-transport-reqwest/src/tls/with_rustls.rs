use oci_client_core::transport::BuildError;
use oci_transport_tls::TlsSettings;
use reqwest::ClientBuilder;
use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};

/// TLS as all clients of a transport have it. Clones have their sessions in common.
#[derive(Clone)]
pub(crate) struct Tls {
    config: ClientConfig,
}

impl Tls {
    /// Looks into the settings.
    pub(crate) fn new(settings: &TlsSettings, http1_only: bool) -> Result<Self, BuildError> {
        let protocols: &[&[u8]] = if http1_only {
            &[b"http/1.1"]
        } else {
            &[b"h2", b"http/1.1"]
        };
        let mut config = settings.rustls_config()?;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Self { config })
    }

    /// Hands them over to `client`, which then has nothing to choose.
    pub(crate) fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, BuildError> {
        Ok(client.tls_backend_preconfigured(self.config.clone()))
    }
}

pub(super) fn ensure_default_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, which is as good.
        let _ = ring::default_provider().install_default();
    }
}
