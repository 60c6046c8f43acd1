use std::fmt;
use std::sync::Arc;

use oci_spec_types::{RegistryHost, RepositoryName};

use super::{Host, Repository, Shared};

/// One registry.
#[derive(Clone)]
pub struct Registry {
    host: Arc<Host>,
    shared: Arc<Shared>,
}

impl Registry {
    pub(super) const fn new(shared: Arc<Shared>, host: Arc<Host>) -> Self {
        Self { host, shared }
    }

    /// The registry's name.
    pub fn host(&self) -> &RegistryHost {
        self.host.profile().host()
    }

    /// The repository `name` in this registry. Nothing is asked of the registry.
    pub fn repository(&self, name: RepositoryName) -> Repository {
        Repository::new(self.shared.clone(), self.host.clone(), name)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("host", self.host())
            .finish_non_exhaustive()
    }
}
