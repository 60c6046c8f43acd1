use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use oci_spec_types::{RegistryHost, RepositoryName};

use super::HostConfig;
use crate::proto::HostProfile;

/// Says how registries are reached.
///
/// It is asked whenever a handle to a registry or a repository is made, so it answers from memory. Functions from a host to its [`HostProfile`] are one.
pub trait Hosts: Send + Sync {
    /// How `repository` of the registry `host` is reached; without a repository: the registry as a whole.
    fn config(&self, host: &RegistryHost, repository: Option<&RepositoryName>) -> HostConfig;

    /// The configurations that are known beforehand, so that mistakes in them come to light before they are used.
    fn known(&self) -> Vec<HostConfig> {
        Vec::new()
    }
}

impl<F: Fn(&RegistryHost) -> HostProfile + Send + Sync> Hosts for F {
    fn config(&self, host: &RegistryHost, _: Option<&RepositoryName>) -> HostConfig {
        HostConfig::of(host.clone(), super::Endpoint::new(self(host)))
    }
}

/// Configurations by the registry's name, and another source for all that are not listed.
///
/// ```
/// use oci_client_core::hosts::{HostConfig, HostTable, Hosts};
/// use oci_client_core::proto::HostProfile;
/// use oci_spec_types::RegistryHost;
///
/// let inside = |host: &RegistryHost| HostProfile::new(host.clone()).with_manifest_limit(1 << 20);
/// let listed = HostProfile::new("registry.example.com".parse()?).with_plain_http();
/// let hosts = HostTable::over(inside).with(HostConfig::new(listed));
/// let base = |host: &str| Ok::<_, Box<dyn std::error::Error>>(hosts.config(&host.parse()?, None).registry().profile().base().to_string());
/// assert_eq!(base("registry.example.com")?, "http://registry.example.com/");
/// assert_eq!(base("elsewhere.example.com")?, "https://elsewhere.example.com/");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct HostTable {
    by_name: HashMap<RegistryHost, HostConfig>,
    others: Arc<dyn Hosts>,
}

impl HostTable {
    /// An empty table: every registry is reached by the default profile for its name.
    pub fn new() -> Self {
        Self::over(|host: &RegistryHost| HostProfile::new(host.clone()))
    }

    /// An empty table, with `others` for the registries that it does not list.
    pub fn over(others: impl Hosts + 'static) -> Self {
        Self {
            by_name: HashMap::new(),
            others: Arc::new(others),
        }
    }

    /// Lists a registry, in place of what was there under its name.
    #[must_use]
    pub fn with(mut self, config: HostConfig) -> Self {
        self.by_name.insert(config.name().clone(), config);
        self
    }

    /// The same registries listed, with `others` for the rest.
    #[must_use]
    pub fn with_others(mut self, others: impl Hosts + 'static) -> Self {
        self.others = Arc::new(others);
        self
    }
}

impl Default for HostTable {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HostTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HostTable")
            .field("by_name", &self.by_name)
            .finish_non_exhaustive()
    }
}

impl Hosts for HostTable {
    fn config(&self, host: &RegistryHost, repository: Option<&RepositoryName>) -> HostConfig {
        match self.by_name.get(host) {
            Some(config) => config.clone(),
            None => self.others.config(host, repository),
        }
    }

    fn known(&self) -> Vec<HostConfig> {
        let others = self.others.known();
        self.by_name.values().cloned().chain(others).collect()
    }
}
