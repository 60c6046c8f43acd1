use std::fmt;
use std::sync::Arc;

use crate::Secret;

/// How connections to one origin are made, where it differs from the client's own transport.
///
/// The settings hold for that origin only: what a server redirects to, and a token realm elsewhere, are reached by the settings of their own hosts.
/// Nothing here is looked into before a transport is made of it, and a transport that cannot honour a setting refuses it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TransportSettings {
    accepts_invalid_certificates: bool,
    client_certificates: Vec<ClientCertificate>,
    proxy: ProxySetting,
    roots: Vec<Arc<[u8]>>,
}

impl TransportSettings {
    /// Those of the client's own transport.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a certificate to show to a server that asks for one: a PEM chain, the client's own certificate first, and its private key in PEM.
    ///
    /// Of several, the one to show is that by an authority which the server names, else the first that it can take.
    #[must_use]
    pub fn with_client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        self.client_certificates.push(ClientCertificate::new(chain, key));
        self
    }

    /// Also trusts every root certificate of a PEM bundle.
    #[must_use]
    pub fn with_roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into().into());
        self
    }

    /// Reaches the origin through the proxy at `url`, which may hold a user name and a password.
    #[must_use]
    pub fn with_proxy(mut self, url: impl Into<Secret>) -> Self {
        self.proxy = ProxySetting::Url(url.into());
        self
    }

    /// Reaches the origin directly, whatever the environment says of proxies.
    #[must_use]
    pub fn without_proxy(mut self) -> Self {
        self.proxy = ProxySetting::Direct;
        self
    }

    /// Accepts any certificate from the server.
    ///
    /// # Danger
    /// Whoever is on the way can then pose as the registry: read what is pushed, the credentials among it, and answer what tags stand for. Trust the registry's root
    /// certificate instead, with [`with_roots`](Self::with_roots).
    #[must_use]
    pub const fn danger_accept_invalid_certificates(mut self) -> Self {
        self.accepts_invalid_certificates = true;
        self
    }

    /// Whether any certificate is accepted.
    pub const fn accepts_invalid_certificates(&self) -> bool {
        self.accepts_invalid_certificates
    }

    /// The certificates to show.
    pub fn client_certificates(&self) -> &[ClientCertificate] {
        &self.client_certificates
    }

    /// The proxy to go through.
    pub const fn proxy(&self) -> &ProxySetting {
        &self.proxy
    }

    /// The PEM bundles of roots to trust besides the usual ones.
    pub fn roots(&self) -> impl Iterator<Item = &[u8]> {
        self.roots.iter().map(|pem| &**pem)
    }

    /// Whether nothing differs from the client's own transport.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A certificate of the client's own.
#[derive(Clone, Eq, PartialEq)]
pub struct ClientCertificate {
    chain: Arc<[u8]>,
    key: Secret,
}

impl ClientCertificate {
    /// A PEM chain, the client's own certificate first, and its private key in PEM; neither is looked into.
    pub fn new(chain: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        Self {
            chain: chain.into().into(),
            key: key.into(),
        }
    }

    /// The chain in PEM, the client's own certificate first.
    pub fn chain(&self) -> &[u8] {
        &self.chain
    }

    /// The private key in PEM.
    pub const fn key(&self) -> &Secret {
        &self.key
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

/// Which proxy to go through.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProxySetting {
    /// None.
    Direct,
    /// Whatever the client's own transport goes through.
    #[default]
    Inherited,
    /// The one at this URL.
    Url(Secret),
}
