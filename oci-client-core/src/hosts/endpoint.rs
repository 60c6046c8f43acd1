use std::num::NonZeroUsize;
use std::time::Duration;

use oci_spec_types::{RegistryHost, RepositoryName};

use super::{HostCapabilities, TransportSettings};
use crate::proto::{HostProfile, RetryPolicy};
use crate::{Error, ErrorKind};

/// One place where a registry's content is to be had: the registry's own API, or a mirror.
///
/// ```
/// use oci_client_core::hosts::Endpoint;
///
/// let mirror = Endpoint::mirror("harbor.example.com".parse()?).with_repository_prefix("hub".parse()?);
/// assert_eq!(mirror.repository(&"library/alpine".parse()?)?.as_str(), "hub/library/alpine");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    added_prefix: Option<RepositoryName>,
    capabilities: HostCapabilities,
    concurrency: Option<NonZeroUsize>,
    profile: HostProfile,
    removed_prefix: Option<RepositoryName>,
    transport: TransportSettings,
    upstream_credentials: bool,
}

impl Endpoint {
    /// An endpoint that may be asked for everything.
    pub fn new(profile: HostProfile) -> Self {
        Self {
            added_prefix: None,
            capabilities: HostCapabilities::ALL,
            concurrency: None,
            profile,
            removed_prefix: None,
            transport: TransportSettings::new(),
            upstream_credentials: false,
        }
    }

    /// A mirror on `host` that serves content by digest, and nothing else until it is told so: what a tag stands for is asked of the registry.
    ///
    /// It is tried once more after a failure, and never waited for longer than two seconds: there is another place to ask.
    pub fn mirror(host: RegistryHost) -> Self {
        Self::new(HostProfile::new(host).with_retry(MIRROR_RETRY)).with_capabilities(HostCapabilities::PULL)
    }

    /// What it may be asked for.
    #[must_use]
    pub const fn with_capabilities(mut self, capabilities: HostCapabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// How many requests may be under way here at once, and as many uploads besides; no limit by default. A response counts until its body has been read or dropped:
    /// a task that holds as many unread ones as there are places, and asks for another, waits for itself.
    #[must_use]
    pub const fn with_concurrency(mut self, requests: NonZeroUsize) -> Self {
        self.concurrency = Some(requests);
        self
    }

    /// How to reach it.
    #[must_use]
    pub fn with_profile(mut self, profile: HostProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Puts `prefix` and a slash before the names of repositories, as caches of several registries do.
    #[must_use]
    pub fn with_repository_prefix(mut self, prefix: RepositoryName) -> Self {
        self.added_prefix = Some(prefix);
        self
    }

    /// Takes `prefix` away from the names of repositories, before another is put in its place; names without it cannot be asked for here.
    #[must_use]
    pub fn without_repository_prefix(mut self, prefix: RepositoryName) -> Self {
        self.removed_prefix = Some(prefix);
        self
    }

    /// How connections to it are made.
    #[must_use]
    pub fn with_transport(mut self, settings: TransportSettings) -> Self {
        self.transport = settings;
        self
    }

    /// Gives a mirror the credentials of the registry that it mirrors. Whoever runs the mirror can then act as you there.
    ///
    /// Otherwise a mirror has credentials of its own: a [`CredentialSource`](crate::credentials::CredentialSource) is asked for its host.
    #[must_use]
    pub const fn with_upstream_credentials(mut self) -> Self {
        self.upstream_credentials = true;
        self
    }

    /// What it may be asked for.
    pub const fn capabilities(&self) -> HostCapabilities {
        self.capabilities
    }

    /// How many requests may be under way at once.
    pub const fn concurrency(&self) -> Option<NonZeroUsize> {
        self.concurrency
    }

    /// Whether it gets the credentials of the registry that it mirrors.
    pub const fn has_upstream_credentials(&self) -> bool {
        self.upstream_credentials
    }

    /// How to reach it.
    pub const fn profile(&self) -> &HostProfile {
        &self.profile
    }

    /// How connections to it are made.
    pub const fn transport(&self) -> &TransportSettings {
        &self.transport
    }

    /// What the repository `name` of the registry is called here.
    ///
    /// # Errors
    /// Of kind [`Invalid`](ErrorKind::Invalid) if it cannot have a name here.
    pub fn repository(&self, name: &RepositoryName) -> Result<RepositoryName, Error> {
        let rest = match &self.removed_prefix {
            Some(prefix) => rest_below(prefix, name),
            None => Some(name.as_str()),
        };
        let renamed = match (&self.added_prefix, rest) {
            (None, Some(rest)) if rest.len() == name.as_str().len() => return Ok(name.clone()),
            (None, Some(rest)) => rest.parse().ok(),
            (Some(prefix), Some("")) => Some(prefix.clone()),
            (Some(prefix), Some(rest)) => format!("{prefix}/{rest}").parse().ok(),
            (_, None) => None,
        };
        renamed.ok_or_else(|| {
            let message = format!("the repository `{name}` has no valid name at {}", self.profile.host());
            Error::new(ErrorKind::Invalid, message)
        })
    }

    /// Whether both are reached in the same way, so that what is learned of the one holds for the other.
    pub(crate) fn is_reached_as(&self, other: &Self) -> bool {
        self.profile == other.profile && self.transport == other.transport && self.concurrency == other.concurrency
    }
}

/// What of `name` lies below `prefix`; empty if they are the same.
fn rest_below<'n>(prefix: &RepositoryName, name: &'n RepositoryName) -> Option<&'n str> {
    let rest = name.as_str().strip_prefix(prefix.as_str())?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix('/')
    }
}

/// A mirror is not worth waiting for.
pub(super) const MIRROR_RETRY: RetryPolicy = RetryPolicy::new()
    .with_retries(1)
    .with_longest_wait(Duration::from_secs(2));

#[cfg(test)]
mod tests;
