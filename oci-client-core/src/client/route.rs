use std::sync::Arc;

use oci_spec_types::RepositoryName;

use super::Shared;
use super::site::Site;
use crate::Error;
use crate::hosts::{Endpoint, Failover, HostCapabilities, HostConfig};
use crate::proto::auth::Scopes;
use crate::proto::{CredentialQuery, HostProfile, Now, Operation};

/// The endpoints at which one repository is to be had.
pub(super) struct Route {
    config: HostConfig,
    /// As the endpoints are numbered.
    sites: Vec<Arc<Site>>,
}

impl Route {
    pub(super) fn new(shared: &Shared, config: HostConfig) -> Self {
        let sites = config.endpoints().map(|endpoint| shared.site(endpoint)).collect();
        Self { config, sites }
    }

    pub(super) const fn config(&self) -> &HostConfig {
        &self.config
    }

    /// Whom to ask, in turn, for what `capability` stands for.
    pub(super) fn failover(&self, capability: HostCapabilities, now: Now) -> Result<Failover, Error> {
        Failover::new(&self.config, capability, |number| {
            self.sites.get(number).is_some_and(|site| site.host().is_out(now))
        })
    }

    /// Whom to ask, in turn, for a list of referrers.
    pub(super) fn failover_for_referrers(&self, now: Now) -> Result<Failover, Error> {
        Failover::for_referrers(&self.config, |number| {
            self.sites.get(number).is_some_and(|site| site.host().is_out(now))
        })
    }

    /// Whether what is under a tag at the endpoint of this number is what clients write: nobody else's fallback tags count.
    pub(super) fn has_lists(&self, number: usize) -> bool {
        let registry = self.sites.len().checked_sub(1);
        registry == Some(number) || self.main().is_ok_and(|main| main == number)
    }

    /// The endpoint for all that mirrors have no part in: the one that takes what is stored, else the registry itself.
    pub(super) fn main(&self) -> Result<usize, Error> {
        let main = Failover::for_writing(&self.config).or_else(|_| Failover::without_mirrors(&self.config));
        main.map(|main| main.current())
    }

    /// The profile of that endpoint.
    pub(super) fn main_profile(&self) -> &HostProfile {
        let main = self.main().and_then(|main| self.endpoint(main));
        main.unwrap_or_else(|_| self.config.registry()).profile()
    }

    pub(super) fn site(&self, number: usize) -> Result<&Arc<Site>, Error> {
        self.sites.get(number).ok_or_else(no_such_endpoint)
    }

    /// What the repository is called at an endpoint.
    pub(super) fn name(&self, number: usize, called: &RepositoryName) -> Result<RepositoryName, Error> {
        self.endpoint(number)?.repository(called)
    }

    /// The operation `name` at an endpoint, with the credentials that belong there.
    pub(super) fn operation(
        &self,
        number: usize,
        called: &RepositoryName,
        name: &'static str,
        scopes: Scopes,
    ) -> Result<Operation, Error> {
        let endpoint = self.endpoint(number)?;
        let there = endpoint.repository(called)?;
        let query = match endpoint.has_upstream_credentials() {
            true => CredentialQuery::new(self.config.name().clone(), Some(called.clone())),
            false => CredentialQuery::new(endpoint.profile().host().clone(), Some(there)),
        };
        Ok(Operation::new(name, query, scopes))
    }

    /// An operation about the registry as a whole.
    pub(super) fn registry_operation(
        &self,
        number: usize,
        name: &'static str,
        scopes: Scopes,
    ) -> Result<Operation, Error> {
        let endpoint = self.endpoint(number)?;
        let host = match endpoint.has_upstream_credentials() {
            true => self.config.name(),
            false => endpoint.profile().host(),
        };
        Ok(Operation::new(name, CredentialQuery::new(host.clone(), None), scopes))
    }

    fn endpoint(&self, number: usize) -> Result<&Endpoint, Error> {
        self.config.endpoints().nth(number).ok_or_else(no_such_endpoint)
    }
}

fn no_such_endpoint() -> Error {
    Error::misuse("there is no endpoint of this number")
}
