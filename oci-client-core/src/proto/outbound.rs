//! One policy for every URL that a server supplies: redirects, `Location` and `Link`, token realms.
//!
//! | what | where it may lead |
//! |---|---|
//! | the next page, an upload session | the origin that sent it |
//! | a redirect of a request with content | the origin that sent it |
//! | a redirect of a GET or HEAD | anywhere public; nothing of the credential goes along |
//! | a realm that gets a password or an identity token | the registry's host, one that belongs to it, one that is trusted |
//! | a realm that gets nothing | anywhere public |
//!
//! Nothing goes from https to http, to a URL with user information, or to any other scheme. What is not public is said in [`is_public`]. Machines judge
//! addresses that are written in a URL; what a name resolves to is judged by the transport when it connects, for requests that carry [`ServerSupplied`].

mod address;
mod supplied;

use http::Request;
use url::{Host, Url};

use super::auth::{belongs, trusts};
use super::host::HostProfile;
use super::machine::Payload;
use crate::redact::shown_url;
use crate::{Error, ErrorKind};

pub use address::is_public;
pub use supplied::{NotPublic, ServerSupplied, check_address, public_addresses};

/// What is allowed beyond the rules that always hold.
///
/// ```
/// use oci_client_core::proto::HostProfile;
/// use oci_client_core::proto::outbound::OutboundPolicy;
///
/// let inside = OutboundPolicy::new().with_private_addresses();
/// let profile = HostProfile::new("registry.corp.example".parse()?).with_outbound(inside);
/// assert!(profile.outbound().private_addresses());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OutboundPolicy {
    private_addresses: bool,
}

impl OutboundPolicy {
    /// The rules alone.
    pub const fn new() -> Self {
        Self {
            private_addresses: false,
        }
    }

    /// Lets the registry lead to addresses that are not public, as one within a private network does that keeps its blobs on another host there.
    #[must_use]
    pub const fn with_private_addresses(mut self) -> Self {
        self.private_addresses = true;
        self
    }

    /// Whether the registry may lead to addresses that are not public.
    pub const fn private_addresses(&self) -> bool {
        self.private_addresses
    }
}

/// Marks `request` where its host is not the registry's own and has to be public.
pub(crate) fn mark(profile: &HostProfile, url: &Url, request: &mut Request<Payload>) {
    if !is_exempt(profile, url) && !is_local(profile.base()) {
        request.extensions_mut().insert(ServerSupplied);
    }
}

/// Judges where a request is redirected from `from`.
pub(crate) fn judge_redirect(profile: &HostProfile, from: &Url, to: &Url, content: bool) -> Result<(), String> {
    if !matches!(to.scheme(), "http" | "https") || (from.scheme() == "https" && to.scheme() == "http") {
        return Err(format!("from {} to {}", from.scheme(), to.scheme()));
    }
    if has_user(to) {
        return Err("to a URL with user information".to_owned());
    }
    if content && to.origin() != from.origin() {
        return Err("which would take its content to another origin".to_owned());
    }
    judge_address(profile, to).map_err(|why| format!("to {why}"))
}

/// Judges a token realm before a token is asked for there: the one credentials rule.
///
/// A token is fetched over https (over http only if the registry itself is plain http by configuration), an anonymous one from
/// anywhere public. A password or an identity token goes only to the registry's own host, a realm known to belong to it, or one that the user trusts.
pub(crate) fn judge_realm(profile: &HostProfile, realm: &Url, with_credential: bool) -> Result<(), Error> {
    let refuse = |why: &str| {
        let message = format!("the registry names a token realm that must not be used: {why}");
        Err(Error::new(ErrorKind::UnsafeUrl, message).at(realm))
    };
    let Some(host) = realm.host_str().filter(|_| !has_user(realm)) else {
        return refuse("it holds user information or no host");
    };
    match realm.scheme() {
        "https" => {}
        "http" if profile.base().scheme() == "http" => {}
        "http" => return refuse("it is not https"),
        _ => return refuse("its scheme is neither https nor http"),
    }
    if with_credential && !belongs(profile, realm) {
        return refuse(&format!(
            "{host} is not known to belong to {}; if it does, say so with `HostProfile::with_trusted_realm`",
            profile.host()
        ));
    }
    judge_address(profile, realm).or_else(|why| refuse(&format!("it leads to {why}")))
}

/// Resolves a URL reference that a server sent against the URL that sent it (RFC 3986), for a request that goes on at the same origin.
///
/// # Errors
/// If it is no URL, or leads to another origin: what the next request carries belongs to this one.
pub(crate) fn same_origin(answered: &Url, reference: &str) -> Result<Url, Error> {
    let refuse = |to: &str| {
        let message = format!("the registry sends the client on to {to}");
        Err(Error::new(ErrorKind::UnsafeUrl, message).at(answered))
    };
    if reference.is_empty() {
        return refuse("an empty location");
    }
    let Ok(url) = answered.join(reference) else {
        return refuse("a location that is no URL");
    };
    let shown: String = shown_url(&url).chars().take(200).collect();
    if url.origin() != answered.origin() || !url.origin().is_tuple() {
        let hint = "if the registry sits behind a proxy, have it answer with relative locations";
        return refuse(&format!("`{shown}`, which is another origin; {hint}"));
    }
    if has_user(&url) {
        return refuse(&format!("`{shown}` with user information"));
    }
    Ok(url)
}

/// Refuses an address within `url` that is not public. Whoever has a registry within a private network keeps more there; what is bound to one link, as the
/// metadata services of clouds are, is no part of it.
fn judge_address(profile: &HostProfile, url: &Url) -> Result<(), String> {
    let neighbour = is_local(profile.base()) && !address::is_link_local(url);
    if !is_local(url) || neighbour || is_exempt(profile, url) {
        return Ok(());
    }
    Err(format!(
        "{}, which is not a public address; if that is meant to be, allow it with `OutboundPolicy::with_private_addresses`",
        url.host_str().unwrap_or_default()
    ))
}

/// Whether `url` may lead anywhere at all: to the registry's own host, whatever its address is.
fn is_exempt(profile: &HostProfile, url: &Url) -> bool {
    profile.outbound().private_addresses() || url.host() == profile.base().host() || trusts(profile, url)
}

/// Whether `url` holds an address that is not public, or a name that stands for one.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !is_public(address.into()),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests;
