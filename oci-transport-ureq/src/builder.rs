use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use ureq::config::Config;
use ureq::{Agent, Proxy};
use url::Url;

use crate::connector::{MarkingConnector, MarkingResolver};
#[cfg(feature = "rustls")]
use crate::tls::TlsSettings;
use crate::{BuildError, UreqTransport};

/// Configures a [`UreqTransport`].
///
/// Mistakes in the settings come to light in [`build`](Self::build).
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

    /// The certificate that this client shows to servers that ask for one: a PEM chain with the client's own
    /// certificate first, and its private key in PEM (PKCS #8, PKCS #1 or SEC 1).
    ///
    /// Every `https` server that asks can see it, so give each origin that needs a certificate its own transport.
    #[cfg(feature = "rustls")]
    pub fn client_certificate_pem(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.tls.client_certificate = Some((chain.into(), key.into()));
        self
    }

    /// How long the TCP and the TLS handshake may take together, and name resolution before them; 10 seconds each by default.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Connects directly, whatever the environment says of proxies.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = ProxySetting::Direct;
        self
    }

    /// Sends everything through the proxy at `url`, whatever the environment says.
    ///
    /// The scheme is one of `http`, `https`, `socks4`, `socks4a` and `socks5`; user name and password are part of the URL where the proxy wants
    /// them. By default the environment decides: `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in upper or lower case.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = ProxySetting::Url(url.into());
        self
    }

    /// Trusts every certificate of a PEM bundle, and no longer those of the operating system. May be called more than once.
    #[cfg(feature = "rustls")]
    pub fn root_certificates_pem(mut self, bundle: impl Into<Vec<u8>>) -> Self {
        self.tls.roots.push(bundle.into());
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
        #[cfg(feature = "rustls")]
        let config = config.tls_config(self.tls.config()?);
        let agent = Agent::with_parts(config.build(), MarkingConnector::default(), MarkingResolver::default());
        Ok(UreqTransport::from_agent(agent))
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
             socks4a and socks5",
        ));
    }
    Proxy::new(url).map_err(|error| BuildError::caused_by("the proxy URL cannot be used", error))
}

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
const PROXY_SCHEMES: [&str; 5] = ["http", "https", "socks4", "socks4a", "socks5"];
