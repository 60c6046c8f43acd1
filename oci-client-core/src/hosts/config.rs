use oci_spec_types::RegistryHost;

use super::Endpoint;
use crate::proto::HostProfile;
use crate::{Error, ErrorKind};

/// How one registry is reached: its own API, and mirrors that are asked before it.
///
/// ```
/// use oci_client_core::hosts::{Endpoint, HostCapabilities, HostConfig};
/// use oci_client_core::proto::HostProfile;
///
/// let hub = HostConfig::new(HostProfile::new("docker.io".parse()?)).with_mirror(
///     Endpoint::mirror("cache.example.com".parse()?)
///         .with_capabilities(HostCapabilities::PULL.and(HostCapabilities::RESOLVE)),
/// );
/// assert_eq!(hub.name().as_str(), "docker.io");
/// assert_eq!(hub.mirrors().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostConfig {
    blocked: Option<String>,
    mirrors: Vec<Endpoint>,
    name: RegistryHost,
    registry: Endpoint,
}

impl HostConfig {
    /// The registry that `profile` reaches, without mirrors.
    pub fn new(profile: HostProfile) -> Self {
        Self::of(profile.host().clone(), Endpoint::new(profile))
    }

    /// The registry that users call `name`, whose own API is `registry`.
    pub const fn of(name: RegistryHost, registry: Endpoint) -> Self {
        Self {
            blocked: None,
            mirrors: Vec::new(),
            name,
            registry,
        }
    }

    /// Adds a mirror, to be asked after those that are there and before the registry itself. At most [`MAX_MIRRORS`](Self::MAX_MIRRORS) are asked.
    #[must_use]
    pub fn with_mirror(mut self, mirror: Endpoint) -> Self {
        self.mirrors.push(mirror);
        self
    }

    /// Forbids the use of the registry; `reason` says by whose will.
    #[must_use]
    pub fn blocked(mut self, reason: impl Into<String>) -> Self {
        self.blocked = Some(reason.into());
        self
    }

    /// What forbids the use of the registry.
    pub fn blocked_by(&self) -> Option<&str> {
        self.blocked.as_deref()
    }

    /// The mirrors, in the order in which they are asked.
    pub fn mirrors(&self) -> &[Endpoint] {
        &self.mirrors
    }

    /// What users call the registry.
    pub const fn name(&self) -> &RegistryHost {
        &self.name
    }

    /// The registry's own API.
    pub const fn registry(&self) -> &Endpoint {
        &self.registry
    }

    /// The most mirrors of a registry that are asked in one operation.
    pub const MAX_MIRRORS: usize = 16;

    /// All endpoints in the order in which they are asked; the registry itself is the last.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.mirrors.iter().take(Self::MAX_MIRRORS).chain([&self.registry])
    }

    pub(crate) fn check_allowed(&self) -> Result<(), Error> {
        match &self.blocked {
            Some(reason) => {
                let message = format!("the registry `{}` must not be used: {reason}", self.name);
                Err(Error::new(ErrorKind::Denied, message))
            }
            None => Ok(()),
        }
    }
}
