use oci_client_core::hosts::TransportSettings;
use oci_client_core::transport::BuildError;
use reqwest::ClientBuilder;

/// What is said of TLS in a build that has none: nothing.
#[derive(Clone, Default)]
pub(crate) struct TlsSettings {}

/// What a host wants of TLS cannot be had.
pub(crate) fn for_host(settings: TlsSettings, host: &TransportSettings) -> Result<TlsSettings, BuildError> {
    let wants_tls =
        host.accepts_invalid_certificates() || !host.client_certificates().is_empty() || host.roots().next().is_some();
    if wants_tls {
        return Err(BuildError::new(
            "there are certificates, and this build has no TLS: enable the feature `rustls` or `native-tls` of \
             oci-transport-reqwest",
        ));
    }
    Ok(settings)
}

/// TLS as all clients of a transport have it.
#[derive(Clone)]
pub(crate) struct Tls;

impl Tls {
    pub(crate) const fn new(_: &TlsSettings, _http1_only: bool) -> Result<Self, BuildError> {
        Ok(Self)
    }

    pub(crate) const fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, BuildError> {
        Ok(client)
    }
}
