use url::Url;

use crate::proto::HostProfile;

/// Whether a token realm is on the registry's own host, or belongs to it, or is trusted by the user.
pub(crate) fn belongs(profile: &HostProfile, realm: &Url) -> bool {
    let Some(host) = realm.host_str() else {
        return false;
    };
    let registry = profile.base().host_str().unwrap_or_default();
    host == registry
        || KNOWN_PAIRS.contains(&(registry, host))
        || trusts(profile, realm)
        || is_sibling(profile.base(), realm)
}

/// Whether the user has named the host of `url` as one of the registry's.
pub(crate) fn trusts(profile: &HostProfile, url: &Url) -> bool {
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default());
    let mut trusted = profile.trusted_realms().iter();
    trusted.any(|trusted| trusted.host() == host && trusted.port().is_none_or(|own| Some(own) == port))
}

/// Whether both names lie below the same domain that somebody has registered, such as `example.com`. Addresses and suffixes that the list does not know have
/// none.
#[cfg(feature = "public-suffix")]
fn is_sibling(registry: &Url, realm: &Url) -> bool {
    fn registrable(url: &Url) -> Option<&[u8]> {
        let domain = psl::domain(url.domain()?.as_bytes())?;
        domain.suffix().is_known().then(|| domain.as_bytes())
    }
    let registry = registrable(registry);
    registry.is_some() && registry == registrable(realm)
}

/// Which names are registered by the same party cannot be told without the list of public suffixes.
#[cfg(not(feature = "public-suffix"))]
const fn is_sibling(_: &Url, _: &Url) -> bool {
    false
}

/// API hosts and the realm hosts that are documented to issue their tokens.
const KNOWN_PAIRS: [(&str, &str); 4] = [
    ("lscr.io", "ghcr.io"),
    ("nvcr.io", "authn.nvidia.com"),
    ("registry-1.docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
];
