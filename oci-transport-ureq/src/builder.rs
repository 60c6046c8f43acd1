use std::fmt;
use std::time::Duration;

use http::HeaderValue;
#[cfg(feature = "rustls")]
use oci_client_core::Secret;
use oci_client_core::hosts::TransportSettings;
use oci_client_core::transport::BuildError;
#[cfg(feature = "rustls")]
use oci_transport_tls::TlsSettings;
use ureq::config::Config;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, SocksConnector, TcpConnector};
use ureq::{Agent, Proxy};
use url::Url;

use crate::UreqTransport;
use crate::connector::{MarkingConnector, MarkingResolver};
use crate::guard::PublicResolver;
#[cfg(feature = "rustls")]
use crate::tls::TlsConnector;

/// Configures a [`UreqTransport`].
///
/// Mistakes in the settings come to light in [`build`](Self::build).
///
/// It is also a [`BlockingTransportFactory`](oci_client_core::blocking::BlockingTransportFactory), for hosts that have certificates or a proxy of their own.
#[derive(Clone)]
#[must_use]
pub struct UreqTransportBuilder {
    connect_timeout: Duration,
    proxy: ProxySetting,
    #[cfg(feature = "rustls")]
    tls: TlsSettings,
    user_agent: String,
}

impl UreqTransportBuilder {
    pub(crate) fn new() -> Self {
        Self {
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            proxy: ProxySetting::System,
            #[cfg(feature = "rustls")]
            tls: TlsSettings::default(),
            user_agent: DEFAULT_USER_AGENT.to_owned(),
        }
    }

    /// A certificate that this client shows to servers that ask for one: a PEM chain with the client's own
    /// certificate first, and its private key in PEM (PKCS #8, PKCS #1 or SEC 1).
    ///
    /// May be called more than once: a server is shown the certificate by an authority that it names, else the first that it can take.
    ///
    /// Every `https` server that asks can see it, so give each origin that needs a certificate its own transport.
    #[cfg(feature = "rustls")]
    pub fn client_certificate_pem(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        self.tls = self.tls.client_certificate_pem(chain, key);
        self
    }

    /// How long the TCP and the TLS handshake may take together, and name resolution before them; 10 seconds each by default.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Accepts any certificate from any server, whoever signed it, for whatever name.
    ///
    /// # Danger
    /// Whoever is on the way can then pose as the server, and read and change everything. Add the server's root certificate instead.
    #[cfg(feature = "rustls")]
    pub fn danger_accept_invalid_certificates(mut self) -> Self {
        self.tls = self.tls.danger_accept_invalid_certificates();
        self
    }

    /// Connects directly, whatever the environment says of proxies.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = ProxySetting::Direct;
        self
    }

    /// Sends everything through the proxy at `url`, whatever the environment says.
    ///
    /// The scheme is one of `http`, `https`, `socks4`, `socks4a`, `socks5` and `socks5h`; user name and password are part of the URL where the proxy wants
    /// them. By default the environment decides: `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in upper or lower case.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = ProxySetting::Url(url.into());
        self
    }

    /// Also trusts a root certificate in DER, next to those of the operating system.
    #[cfg(feature = "rustls")]
    pub fn root_certificate_der(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.tls = self.tls.root_certificate_der(certificate);
        self
    }

    /// Also trusts every certificate of a PEM bundle, next to those of the operating system. May be called more than once.
    #[cfg(feature = "rustls")]
    pub fn root_certificates_pem(mut self, bundle: impl Into<Vec<u8>>) -> Self {
        self.tls = self.tls.root_certificates_pem(bundle);
        self
    }

    /// The `User-Agent` of requests that have none of their own; by default the name and version of this library.
    pub fn user_agent(mut self, value: impl Into<String>) -> Self {
        self.user_agent = value.into();
        self
    }

    /// The transport.
    ///
    /// # Errors
    /// [`BuildError`] if a setting is wrong: a certificate that cannot be read or a bundle without any, a key that does
    /// not belong to its certificate, a proxy URL or a user agent that is malformed. No setting is ever left out.
    pub fn build(self) -> Result<UreqTransport, BuildError> {
        HeaderValue::try_from(&self.user_agent)
            .map_err(|error| BuildError::caused_by("the user agent is no header value", error))?;
        let config = Config::builder()
            .accept_encoding("")
            .allow_non_standard_methods(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(MAX_HEAD_BYTES)
            .input_buffer_size(INPUT_BUFFER_BYTES)
            .timeout_connect(Some(self.connect_timeout))
            .timeout_resolve(Some(self.connect_timeout))
            .user_agent(self.user_agent);
        let config = match self.proxy {
            ProxySetting::Direct => config.proxy(None),
            ProxySetting::System => config.proxy(Proxy::try_from_env()),
            ProxySetting::Url(url) => config.proxy(Some(parse_proxy(&url)?)),
        };
        let config = config.build();
        #[cfg(feature = "rustls")]
        let tls = TlsConnector::new(&self.tls)?;
        let connector = || {
            let connector =
                ().chain(SocksConnector::default())
                    .chain(ConnectProxyConnector::default())
                    .chain(TcpConnector::default());
            #[cfg(feature = "rustls")]
            let connector = connector.chain(tls.clone());
            MarkingConnector::new(connector)
        };
        let agent = Agent::with_parts(config.clone(), connector(), MarkingResolver::default());
        let guarded = Agent::with_parts(config, connector(), PublicResolver::<MarkingResolver>::default());
        Ok(UreqTransport::from_agents(agent, guarded))
    }

    /// The same with what a host wants of TLS.
    #[cfg(feature = "rustls")]
    pub(crate) fn tls_of(mut self, host: &TransportSettings) -> Result<Self, BuildError> {
        self.tls = self.tls.for_host(host);
        Ok(self)
    }

    /// The same, if a host wants nothing of TLS: there is none.
    #[cfg(not(feature = "rustls"))]
    pub(crate) fn tls_of(self, host: &TransportSettings) -> Result<Self, BuildError> {
        let wants_tls = host.accepts_invalid_certificates()
            || !host.client_certificates().is_empty()
            || host.roots().next().is_some();
        if wants_tls {
            return Err(BuildError::new(
                "there are certificates, and this build has no TLS: enable the feature `rustls` of oci-transport-ureq",
            ));
        }
        Ok(self)
    }
}

impl Default for UreqTransportBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for UreqTransportBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Proxy URL and private key are secrets.
        formatter
            .debug_struct("UreqTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}

fn parse_proxy(url: &str) -> Result<Proxy, BuildError> {
    let parsed = Url::parse(url).map_err(|error| BuildError::caused_by("the proxy URL is malformed", error))?;
    if !PROXY_SCHEMES.contains(&parsed.scheme()) || !parsed.has_host() {
        return Err(BuildError::new(
            "the proxy URL is not of the form scheme://host:port, with one of the schemes http, https, socks4, \
             socks4a, socks5 and socks5h",
        ));
    }
    Proxy::new(url).map_err(|error| BuildError::caused_by("the proxy URL cannot be used", error))
}

#[derive(Clone)]
enum ProxySetting {
    Direct,
    System,
    Url(String),
}

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_USER_AGENT: &str = concat!("oci-rust/", env!("CARGO_PKG_VERSION"));
/// Holds a head that is just too long, as ureq can only tell then that it is.
const INPUT_BUFFER_BYTES: usize = MAX_HEAD_BYTES + 16 * 1024;
/// How long the head of a response may be.
const MAX_HEAD_BYTES: usize = 512 * 1024;
const PROXY_SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
