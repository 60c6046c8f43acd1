use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
use oci_client_core::Secret;
use oci_client_core::hosts::TransportSettings;
use oci_client_core::transport::BuildError;
use reqwest::{Proxy, Url};

use crate::ReqwestTransport;
use crate::connections::Connections;
use crate::guard::{self, PublicResolver};
use crate::plan::{Plan, PlannedProxy};
use crate::tls::{self, Tls, TlsSettings};

/// Configures a [`ReqwestTransport`].
///
/// Mistakes in the settings come to light in [`build`](Self::build).
///
/// It is also a [`TransportFactory`](oci_client_core::transport::TransportFactory), for hosts that have certificates or a proxy of their own.
#[derive(Clone)]
#[must_use]
pub struct ReqwestTransportBuilder {
    connect_timeout: Duration,
    http1_only: bool,
    parallel_connections: usize,
    proxy: ProxySetting,
    tls: TlsSettings,
    user_agent: String,
}

impl ReqwestTransportBuilder {
    pub(crate) fn new() -> Self {
        Self {
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            http1_only: false,
            parallel_connections: Self::DEFAULT_PARALLEL_CONNECTIONS,
            proxy: ProxySetting::System,
            tls: TlsSettings::default(),
            user_agent: DEFAULT_USER_AGENT.to_owned(),
        }
    }

    /// A certificate that this client shows to servers that ask for one: a PEM chain with the client's own
    /// certificate first, and its private key in PEM (PKCS #8; with `rustls` also PKCS #1 or SEC 1).
    ///
    /// With `rustls` this may be called more than once: a server is shown the certificate by an authority that it names,
    /// else the first that it can take.
    ///
    /// Every `https` server that asks can see it, so give each origin that needs a certificate its own transport.
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    pub fn client_certificate_pem(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        self.tls = self.tls.client_certificate_pem(chain, key);
        self
    }

    /// How long name resolution, the TCP and the TLS handshake may take together; 10 seconds by default.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Accepts any certificate from any server, whoever signed it, for whatever name.
    ///
    /// # Danger
    /// Whoever is on the way can then pose as the server, and read and change everything. Add the server's root certificate instead.
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    pub fn danger_accept_invalid_certificates(mut self) -> Self {
        self.tls = self.tls.danger_accept_invalid_certificates();
        self
    }

    /// Speaks HTTP/1.1 only. By default HTTP/2 is spoken where the server chooses it in the TLS handshake.
    pub const fn http1_only(mut self) -> Self {
        self.http1_only = true;
        self
    }

    /// Connects directly, whatever the environment says of proxies.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = ProxySetting::Direct;
        self
    }

    /// Over how many connections at most the parts of blobs come from a server that speaks HTTP/2; 8 by default, 0 counts as 1.
    ///
    /// They are made as parts are under way at the same time, once an answer has shown that the server speaks HTTP/2, and have all settings in common. Everything that is no part of a
    /// larger blob shares the first of them. A server that speaks HTTP/1.1 gets a connection for each request under way in any case.
    pub const fn parallel_connections(mut self, most: usize) -> Self {
        self.parallel_connections = most;
        self
    }

    /// Sends everything through the proxy at `url`, whatever the environment says.
    ///
    /// The scheme is one of `http`, `https`, `socks4`, `socks4a`, `socks5` and `socks5h`; user name and password are
    /// part of the URL where the proxy wants them. By default the environment decides: `HTTP_PROXY`, `HTTPS_PROXY`,
    /// `ALL_PROXY` and `NO_PROXY`, in upper or lower case; with the feature `system-proxy` also the settings of macOS
    /// and Windows.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = ProxySetting::Url(url.into());
        self
    }

    /// Also trusts a root certificate in DER, next to those of the operating system.
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    pub fn root_certificate_der(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.tls = self.tls.root_certificate_der(certificate);
        self
    }

    /// Also trusts every certificate of a PEM bundle, next to those of the operating system.
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    pub fn root_certificates_pem(mut self, bundle: impl Into<Vec<u8>>) -> Self {
        self.tls = self.tls.root_certificates_pem(bundle);
        self
    }

    /// The `User-Agent` of requests that have none of their own; by default the name and version of this library.
    pub fn user_agent(mut self, value: impl Into<String>) -> Self {
        self.user_agent = value.into();
        self
    }

    /// Over how many connections the parts of blobs come by default.
    pub const DEFAULT_PARALLEL_CONNECTIONS: usize = 8;

    /// The transport.
    ///
    /// # Errors
    /// [`BuildError`] if a setting is wrong: a certificate that cannot be read or a bundle without any, a key that does
    /// not belong to its certificate, a proxy URL or a user agent that is malformed. No setting is ever left out.
    pub fn build(self) -> Result<ReqwestTransport, BuildError> {
        let user_agent = HeaderValue::try_from(&self.user_agent)
            .map_err(|error| BuildError::caused_by("the user agent is no header value", error))?;
        let plan = Plan {
            connect_timeout: self.connect_timeout,
            http1_only: self.http1_only,
            proxy: self.proxy.planned()?,
            resolver: None,
            tls: Tls::new(&self.tls, self.http1_only)?,
            user_agent,
        };
        let guarded = match self.proxy.resolver() {
            Some(resolver) => {
                let resolver = Some(Arc::new(resolver));
                let plan = Plan {
                    resolver,
                    ..plan.clone()
                };
                Some(Connections::new(plan, self.parallel_connections)?)
            }
            None => None,
        };
        let connections = Connections::new(plan, self.parallel_connections)?;
        Ok(ReqwestTransport::from_connections(connections, guarded))
    }
}

impl ReqwestTransportBuilder {
    /// The same with what a host wants of TLS.
    pub(crate) fn tls_of(mut self, host: &TransportSettings) -> Result<Self, BuildError> {
        self.tls = tls::for_host(self.tls, host)?;
        Ok(self)
    }
}

impl Default for ReqwestTransportBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ReqwestTransportBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Proxy URL and private key are secrets.
        formatter
            .debug_struct("ReqwestTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("http1_only", &self.http1_only)
            .field("parallel_connections", &self.parallel_connections)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}

fn parse_proxy(url: &str) -> Result<Proxy, BuildError> {
    let url = Url::parse(url).map_err(|error| BuildError::caused_by("the proxy URL is malformed", error))?;
    // A proxy of a scheme that it does not know is one that reqwest does not use.
    if !PROXY_SCHEMES.contains(&url.scheme()) || !url.has_host() {
        return Err(BuildError::new(
            "the proxy URL is not of the form scheme://host:port, with one of the schemes http, https, socks4, \
             socks4a, socks5 and socks5h",
        ));
    }
    Proxy::all(url).map_err(|error| BuildError::caused_by("the proxy URL cannot be used", error.without_url()))
}

#[derive(Clone)]
enum ProxySetting {
    Direct,
    System,
    Url(String),
}

impl ProxySetting {
    fn planned(&self) -> Result<PlannedProxy, BuildError> {
        Ok(match self {
            Self::Direct => PlannedProxy::Direct,
            Self::System => PlannedProxy::System,
            Self::Url(url) => PlannedProxy::Of(Box::new(parse_proxy(url)?)),
        })
    }

    /// What resolves the hosts that servers name, and their proxies: for those of the schemes `socks4` and `socks5` names are resolved here. `None` where it is not known which names
    /// are those of proxies: the settings of macOS and Windows are read by reqwest alone.
    fn resolver(&self) -> Option<PublicResolver> {
        match self {
            Self::Direct => Some(PublicResolver::new(Vec::new())),
            Self::System if UNKNOWN_PROXIES => None,
            Self::System => {
                let proxies = guard::environment_proxies(|name| std::env::var(name).ok());
                Some(PublicResolver::new(proxies))
            }
            Self::Url(url) => Some(PublicResolver::new(guard::proxy_host(url).into_iter().collect())),
        }
    }
}

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_USER_AGENT: &str = concat!("oci-rust/", env!("CARGO_PKG_VERSION"));
const UNKNOWN_PROXIES: bool = cfg!(all(feature = "system-proxy", any(target_os = "macos", windows)));
const PROXY_SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
