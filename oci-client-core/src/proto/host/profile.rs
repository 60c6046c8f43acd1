mod headers;
mod token;

use std::time::Duration;

use http::HeaderMap;
use oci_spec_types::RegistryHost;
use url::Url;

use self::token::TokenSettings;
use crate::proto::outbound::OutboundPolicy;

pub use self::headers::InvalidHeader;
pub use self::token::TokenMethod;

/// How to reach one registry, and the limits that hold there.
///
/// ```
/// use oci_client_core::proto::HostProfile;
///
/// let hub = HostProfile::new("docker.io".parse()?);
/// assert_eq!(hub.base().as_str(), "https://registry-1.docker.io/");
/// let local = HostProfile::new("127.0.0.1:5000".parse()?);
/// assert_eq!(local.base().as_str(), "http://127.0.0.1:5000/");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostProfile {
    base: Url,
    chunk: u64,
    headers: HeaderMap,
    host: RegistryHost,
    largest_upload: Option<u64>,
    manifest_limit: usize,
    namespace: Option<RegistryHost>,
    outbound: OutboundPolicy,
    retry: RetryPolicy,
    small_blob: u64,
    token: TokenSettings,
}

impl HostProfile {
    /// The profile of `host`: https, except on loopback, where it is http; `docker.io` is reached at its API host.
    pub fn new(host: RegistryHost) -> Self {
        let scheme = if host.is_loopback() { "http" } else { "https" };
        Self {
            base: base_url(scheme, &host),
            chunk: Self::CHUNK,
            headers: HeaderMap::new(),
            host,
            largest_upload: None,
            manifest_limit: Self::MANIFEST_LIMIT,
            namespace: None,
            outbound: OutboundPolicy::default(),
            retry: RetryPolicy::new(),
            small_blob: Self::SMALL_BLOB,
            token: TokenSettings::default(),
        }
    }

    /// Speaks plain http instead of https. Credentials are then readable on the network.
    #[must_use]
    pub fn with_plain_http(mut self) -> Self {
        self.base = base_url("http", &self.host);
        self
    }

    /// Reaches the registry at `base`, which may hold a path prefix: `/v2/` is looked for below it.
    ///
    /// # Errors
    /// If `base` is neither http nor https, or holds user information, a query or a fragment.
    pub fn with_base(mut self, base: Url) -> Result<Self, InvalidProfile> {
        let plain = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !matches!(base.scheme(), "http" | "https") || !plain {
            return Err(InvalidProfile);
        }
        self.base = base;
        if !self.base.path().ends_with('/') {
            let path = format!("{}/", self.base.path());
            self.base.set_path(&path);
        }
        Ok(self)
    }

    /// The size, in bytes, of the parts in which an upload goes on after it was interrupted, and in which a blob goes up that the registry does not take whole; 0 counts as 1.
    ///
    /// The registry's own least and largest sizes come before it.
    #[must_use]
    pub fn with_chunk(mut self, bytes: u64) -> Self {
        self.chunk = bytes.max(1);
        self
    }

    /// The largest blob, in bytes, that the registry takes in one request. Larger ones, and streams, go up in parts of no more than that, unless the registry has refused parts; by default none do before a
    /// registry has refused one.
    #[must_use]
    pub const fn with_largest_upload(mut self, bytes: u64) -> Self {
        self.largest_upload = Some(bytes);
        self
    }

    /// The largest manifest to read or write, in bytes.
    #[must_use]
    pub const fn with_manifest_limit(mut self, bytes: usize) -> Self {
        self.manifest_limit = bytes;
        self
    }

    /// The retry policy.
    #[must_use]
    pub const fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The largest blob, in bytes, whose content goes along with the request that opens its upload.
    #[must_use]
    pub const fn with_small_blob(mut self, bytes: u64) -> Self {
        self.small_blob = bytes;
        self
    }

    /// The URL below which `v2/` lies; its path ends with `/`.
    pub const fn base(&self) -> &Url {
        &self.base
    }

    /// The size of the parts of an interrupted upload, in bytes.
    pub const fn chunk(&self) -> u64 {
        self.chunk
    }

    /// The largest blob, in bytes, that goes up in one request; `None`: any.
    pub const fn largest_upload(&self) -> Option<u64> {
        self.largest_upload
    }

    /// The registry's name, which its API host may differ from.
    pub const fn host(&self) -> &RegistryHost {
        &self.host
    }

    /// The largest manifest to read or write, in bytes.
    pub const fn manifest_limit(&self) -> usize {
        self.manifest_limit
    }

    /// The retry policy.
    pub const fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    /// The largest blob, in bytes, whose content goes along with the request that opens its upload.
    pub const fn small_blob(&self) -> u64 {
        self.small_blob
    }

    /// The default size of the parts of an interrupted upload: 16 MiB.
    pub const CHUNK: u64 = 16 << 20;

    /// The default largest manifest: 4 MiB.
    pub const MANIFEST_LIMIT: usize = 4 << 20;

    /// The default largest blob that goes along with the request that opens its upload: 1 MiB.
    pub const SMALL_BLOB: u64 = 1 << 20;
}

/// A base URL that is neither http nor https, or holds more than host, port and path.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a registry's base must be an http or https URL of host, port and path only")]
#[non_exhaustive]
pub struct InvalidProfile;

/// When and how often to try again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    retries: u32,
    first_pause: Duration,
    longest_pause: Duration,
    longest_wait: Duration,
}

impl RetryPolicy {
    /// Four retries, pauses from 250 ms doubling to 30 s, `Retry-After` honoured up to 60 s.
    pub const fn new() -> Self {
        Self {
            retries: 4,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(30),
            longest_wait: Duration::from_secs(60),
        }
    }

    /// How many failures in a row, without any progress between them, lead to another try; 0 switches retrying off.
    #[must_use]
    pub const fn with_retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The pause after the first failure; it doubles with each further one, up to `longest`. Up to half of each is left out at random.
    #[must_use]
    pub const fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest;
        self
    }

    /// The longest `Retry-After` to honour; a server that asks for more gets no other try.
    #[must_use]
    pub const fn with_longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// How many failures in a row lead to another try.
    pub const fn retries(&self) -> u32 {
        self.retries
    }

    /// The longest `Retry-After` to honour.
    pub const fn longest_wait(&self) -> Duration {
        self.longest_wait
    }

    /// The pause after the `failures`th failure in a row, before jitter.
    pub fn pause(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.first_pause.saturating_mul(factor).min(self.longest_pause)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// The API's URL for a host. A `RegistryHost` holds nothing that a URL could not.
fn base_url(scheme: &str, host: &RegistryHost) -> Url {
    let name = host.to_string();
    let api = ALIASES
        .iter()
        .find(|(alias, _)| *alias == name)
        .map_or(name.as_str(), |(_, api)| api);
    Url::parse(&format!("{scheme}://{api}/")).expect("a registry host is a valid URL authority")
}

/// Names of registries whose API answers under another name.
const ALIASES: [(&str, &str); 1] = [("docker.io", "registry-1.docker.io")];
