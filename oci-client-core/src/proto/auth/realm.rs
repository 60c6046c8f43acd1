use url::Url;

use crate::proto::HostProfile;
use crate::{Error, ErrorKind};

/// Judges a token realm before a token is asked for there: the one credentials rule.
///
/// A token is fetched over https (over http only if the registry itself is plain http by configuration), an anonymous one from
/// anywhere. A password goes only to the registry's own host, a realm known to belong to it, or one that the user trusts.
pub(crate) fn judge_realm(profile: &HostProfile, realm: &Url, with_credential: bool) -> Result<(), Error> {
    if !realm.username().is_empty() || realm.password().is_some() || realm.host_str().is_none() {
        return Err(unsafe_realm(realm, "it holds user information or no host"));
    }
    match realm.scheme() {
        "https" => {}
        "http" if profile.base().scheme() == "http" => {}
        "http" => return Err(unsafe_realm(realm, "it is not https")),
        _ => return Err(unsafe_realm(realm, "its scheme is neither https nor http")),
    }
    if !with_credential || belongs(profile, realm) {
        return Ok(());
    }
    let host = realm.host_str().unwrap_or_default();
    Err(unsafe_realm(
        realm,
        &format!(
            "{host} is not known to belong to {}; if it does, say so with `HostProfile::with_trusted_realm`",
            profile.host()
        ),
    ))
}

fn belongs(profile: &HostProfile, realm: &Url) -> bool {
    let Some(host) = realm.host_str() else {
        return false;
    };
    let registry = profile.base().host_str().unwrap_or_default();
    host == registry
        || KNOWN_PAIRS.contains(&(registry, host))
        || profile.trusted_realms().iter().any(|trusted| trusted == host)
}

fn unsafe_realm(realm: &Url, why: &str) -> Error {
    Error::new(
        ErrorKind::UnsafeUrl,
        format!("the registry names a token realm that must not be used: {why}"),
    )
    .at(realm)
}

/// API hosts and the realm hosts that are documented to issue their tokens.
const KNOWN_PAIRS: [(&str, &str); 4] = [
    ("lscr.io", "ghcr.io"),
    ("nvcr.io", "authn.nvidia.com"),
    ("registry-1.docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
];

#[cfg(test)]
mod tests;
