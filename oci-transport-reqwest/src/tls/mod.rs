//! TLS by the library that the features choose: rustls, else the operating system's, else none.

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
mod native;
#[cfg(feature = "rustls")]
mod no_roots;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod pem;
#[cfg(feature = "rustls")]
mod unverified;
#[cfg(feature = "rustls")]
mod with_rustls;

use std::error::Error as StdError;

use reqwest::ClientBuilder;

use crate::BuildError;

/// Whether this build can speak `https`.
pub(crate) const AVAILABLE: bool = cfg!(any(feature = "native-tls", feature = "rustls"));

/// What the caller wants of TLS, not looked into yet.
#[derive(Clone, Default)]
pub(crate) struct TlsSettings {
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    accepts_invalid_certificates: bool,
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    client_certificate: Option<pem::KeyPair>,
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    roots: Vec<pem::Roots>,
}

#[cfg(any(feature = "native-tls", feature = "rustls"))]
impl TlsSettings {
    pub(crate) const fn accept_invalid_certificates(&mut self) {
        self.accepts_invalid_certificates = true;
    }

    pub(crate) fn add_root_der(&mut self, certificate: Vec<u8>) {
        self.roots.push(pem::Roots::Der(certificate));
    }

    pub(crate) fn add_roots_pem(&mut self, bundle: Vec<u8>) {
        self.roots.push(pem::Roots::Pem(bundle));
    }

    pub(crate) fn set_client_certificate(&mut self, chain: Vec<u8>, key: Vec<u8>) {
        self.client_certificate = Some(pem::KeyPair { chain, key });
    }
}

impl TlsSettings {
    /// Looks into the settings.
    #[cfg(feature = "rustls")]
    pub(crate) fn prepare(self, http1_only: bool) -> Result<Tls, BuildError> {
        let roots = pem::parse_roots(self.roots)?;
        let trust = match self.accepts_invalid_certificates {
            true => with_rustls::Trust::Anybody,
            false => with_rustls::Trust::SystemAnd(roots),
        };
        let config = with_rustls::config(trust, self.client_certificate.as_ref(), http1_only)?;
        Ok(Tls { config })
    }

    /// Looks into the settings.
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    pub(crate) fn prepare(self, _http1_only: bool) -> Result<Tls, BuildError> {
        Ok(Tls {
            accepts_invalid_certificates: self.accepts_invalid_certificates,
            client_certificate: self.client_certificate,
            roots: pem::parse_roots(self.roots)?,
        })
    }

    /// There are none.
    #[cfg(not(any(feature = "native-tls", feature = "rustls")))]
    pub(crate) fn prepare(self, _http1_only: bool) -> Result<Tls, BuildError> {
        Ok(Tls {})
    }
}

/// TLS as all clients of a transport have it.
#[derive(Clone)]
pub(crate) struct Tls {
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    accepts_invalid_certificates: bool,
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    client_certificate: Option<pem::KeyPair>,
    /// Clones have their sessions in common, so that a further connection need not look at certificates again.
    #[cfg(feature = "rustls")]
    config: rustls::ClientConfig,
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    roots: Vec<rustls_pki_types::CertificateDer<'static>>,
}

impl Tls {
    /// Hands it over to `client`, which then has nothing to choose.
    #[cfg(feature = "rustls")]
    pub(crate) fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, BuildError> {
        Ok(client.tls_backend_preconfigured(self.config.clone()))
    }

    /// Hands it over to `client`.
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    pub(crate) fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, BuildError> {
        let client = native::configure(client, &self.roots, self.client_certificate.as_ref())?;
        Ok(client.tls_danger_accept_invalid_certs(self.accepts_invalid_certificates))
    }

    /// There is nothing to hand over.
    #[cfg(not(any(feature = "native-tls", feature = "rustls")))]
    pub(crate) fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, BuildError> {
        Ok(client)
    }
}

/// Sees to it that reqwest finds a crypto provider where it has to look for one itself; it panics if it finds none.
pub(crate) fn ensure_default_provider() {
    #[cfg(feature = "rustls")]
    with_rustls::ensure_default_provider();
}

/// Whether `error` itself says that no secure connection could be made.
pub(crate) fn is_tls_error(error: &(dyn StdError + 'static)) -> bool {
    #[cfg(feature = "rustls")]
    if error.is::<rustls::Error>() {
        return true;
    }
    #[cfg(feature = "native-tls")]
    if error.is::<native_tls::Error>() {
        return true;
    }
    // Without a TLS library there is nothing to compare with.
    let _ = error;
    false
}
