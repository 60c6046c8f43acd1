use std::fmt;
use std::sync::Arc;

use oci_spec_types::{RegistryHost, RepositoryName};

use super::driver::Driver;
use super::held::Held;
use super::traced::operation_span;
use super::{Repository, Shared};
use crate::Error;
use crate::proto::auth::Scopes;
use crate::proto::{Machine, Ping, RegistryAccess, Session};

/// One registry.
#[derive(Clone)]
pub struct Registry {
    host: RegistryHost,
    shared: Arc<Shared>,
}

impl Registry {
    pub(super) const fn new(shared: Arc<Shared>, host: RegistryHost) -> Self {
        Self { host, shared }
    }

    /// The registry's name.
    pub const fn host(&self) -> &RegistryHost {
        &self.host
    }

    /// Asks whether this is a registry, and whether it takes the client's credential ([spec, "Determining Support"]).
    ///
    /// One GET of `/v2/`, and what authorization takes. No other operation needs it. What the client remembers counts, a token among it: to look at another credential, as before a login,
    /// make a client with it.
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
        self.driver("check registry", Scopes::none(), Ping::new()).run().await
    }

    /// The repository `name` in this registry. Nothing is asked of the registry.
    pub fn repository(&self, name: RepositoryName) -> Repository {
        Repository::new(self.shared.clone(), &self.host, name)
    }

    /// A machine about the registry as a whole, at its own endpoint.
    pub(super) fn driver<M: Machine>(&self, name: &'static str, scopes: Scopes, machine: M) -> Driver<M> {
        let route = self.shared.route(&self.host, None);
        let held = route.main().and_then(|main| {
            let operation = route.registry_operation(main, name, scopes)?;
            let site = route.site(main)?.clone();
            Ok(Held::at(self.shared.clone(), site, Session::new(machine, operation)))
        });
        let held = held.unwrap_or_else(|error| Held::refused(self.shared.clone(), error));
        Driver::new(self.shared.clone(), held, operation_span(name, &self.host, None))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}
