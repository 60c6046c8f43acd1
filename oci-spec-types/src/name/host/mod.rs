//! Registry hosts.

mod parse;

use std::{
    fmt::{self, Display},
    net::IpAddr,
    num::NonZeroU16,
    str::FromStr,
    sync::Arc,
};

pub(super) use self::parse::LOCALHOST;
pub use self::parse::{InvalidRegistryHost, InvalidRegistryHostKind};
use crate::text::text_conversions;

/// The host of a registry, with an optional port: `ghcr.io`, `localhost:5000`, `192.0.2.1`,
/// `[::1]:5000`.
///
/// A name needs a `.` or a port, or must be `localhost`: any other single word could as well be the
/// first part of a repository name, and then the same text would send credentials to another
/// registry.
///
/// Equality, order and hash are those of the text, which is held in one canonical form: names in
/// lower case, IPv4 addresses in four decimal parts (any other all-numeric spelling is refused),
/// IPv6 addresses compressed as in RFC 5952. A missing port is not equal to the port that its
/// scheme implies. Only ASCII is accepted; write international names in Punycode (`xn--…`). Clones
/// share the text.
///
/// ```
/// use oci_spec_types::RegistryHost;
///
/// let host: RegistryHost = "LocalHost:5000".parse()?;
/// assert_eq!(host.as_str(), "localhost:5000");
/// assert_eq!((host.host(), host.port()), ("localhost", Some(5000)));
/// assert!(host.is_loopback());
/// # Ok::<(), oci_spec_types::InvalidRegistryHost>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RegistryHost {
    text: Arc<str>,
    port: Option<NonZeroU16>,
}

impl RegistryHost {
    /// The most bytes that a host with its port may have: what a [`Reference`](super::Reference)
    /// leaves for it.
    pub const MAX_LEN: usize = 253;

    /// The whole text, in canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name or address without the port; an IPv6 address in its brackets, as in a URL.
    #[must_use]
    pub fn host(&self) -> &str {
        match self.port {
            Some(_) => self.text.rsplit_once(':').map_or(self.as_str(), |(host, _)| host),
            None => self.as_str(),
        }
    }

    /// The address, if the host is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host().trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// Whether the host is this machine by definition: `localhost`, an address of `127.0.0.0/8`, or
    /// `[::1]`.
    ///
    /// Nothing else counts: not other names under `localhost`, not private networks, and no name is
    /// looked up.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host() == LOCALHOST || self.ip().is_some_and(|address| address.is_loopback())
    }

    /// The port, if one is given; never 0.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port.map(NonZeroU16::get)
    }
}

text_conversions!(RegistryHost, InvalidRegistryHost, "a registry host");

impl AsRef<str> for RegistryHost {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Display for RegistryHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RegistryHost {
    type Err = InvalidRegistryHost;

    /// Parses `host` or `host:port`.
    ///
    /// # Errors
    ///
    /// With the position of the byte from which on it does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidRegistryHost> {
        parse::host(text)
    }
}
