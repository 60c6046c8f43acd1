use std::fmt;
use std::sync::Arc;

use oci_spec_types::{RegistryHost, RepositoryName};

use super::driver::Driver;
use super::{Host, Repository, Shared};
use crate::Error;
use crate::proto::auth::Scopes;
use crate::proto::{CredentialQuery, Machine, Operation, Ping, RegistryAccess};

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

    /// Asks whether this is a registry, and whether it takes the client's credential ([spec, "Determining Support"]).
    ///
    /// One GET of `/v2/`, and what authorization takes. No other operation needs it.
    ///
    /// # Errors
    /// Of kind [`Unauthorized`](crate::ErrorKind::Unauthorized) if the registry wants a credential that it was not given,
    /// [`NotFound`](crate::ErrorKind::NotFound) if this is not a registry.
    ///
    /// # Cancellation
    /// Dropping the future stops its requests at once.
    ///
    /// [spec, "Determining Support"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support
    pub async fn check(&self) -> Result<RegistryAccess, Error> {
        let query = CredentialQuery::new(self.host().clone(), None);
        let operation = Operation::new("check registry", query, Scopes::none());
        Driver::new(self.shared.clone(), self.host.clone(), Ping::new(), operation)
            .run()
            .await
    }

    /// The repository `name` in this registry. Nothing is asked of the registry.
    pub fn repository(&self, name: RepositoryName) -> Repository {
        Repository::new(self.shared.clone(), self.host.clone(), name)
    }

    pub(super) fn driver<M: Machine>(&self, name: &'static str, scopes: Scopes, machine: M) -> Driver<M> {
        let query = CredentialQuery::new(self.host().clone(), None);
        let operation = Operation::new(name, query, scopes);
        Driver::new(self.shared.clone(), self.host.clone(), machine, operation)
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
