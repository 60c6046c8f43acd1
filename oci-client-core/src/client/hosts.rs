use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use oci_spec_types::{RegistryHost, RepositoryName};
use url::Url;

use super::route::Route;
use super::site::{Site, check};
use super::{Client, ClientBuilder, Shared};
use crate::Error;
use crate::hosts::{Endpoint, HostConfig, Hosts};
use crate::proto::HostProfile;
use crate::transport::{Transport, TransportFactory};

impl ClientBuilder {
    /// How one registry is reached, with its mirrors, in place of what [`hosts`](Self::hosts) says of it.
    pub fn host(mut self, config: HostConfig) -> Self {
        self.hosts = self.hosts.with(config);
        self
    }

    /// How registries are reached that are not listed by [`host`](Self::host) or [`profile`](Self::profile); a function from a host to its profile will do.
    pub fn hosts(mut self, hosts: impl Hosts + 'static) -> Self {
        self.hosts = self.hosts.with_others(hosts);
        self
    }

    /// The profile of one registry without mirrors, in place of the default for its host.
    pub fn profile(self, profile: HostProfile) -> Self {
        self.host(HostConfig::new(profile))
    }

    /// What makes the transports of hosts that have certificates or a proxy of their own. Without it, operations with such a host fail.
    pub fn transport_factory(mut self, factory: impl TransportFactory + 'static) -> Self {
        self.factory = Some(Arc::new(factory));
        self
    }

    /// The client, once the transports of all hosts that are known by now could be made.
    ///
    /// [`build`](Self::build) leaves that to the operations with each host.
    ///
    /// # Errors
    /// If a certificate, a key or a proxy cannot be used, or the client has no transport factory for them.
    pub fn try_build(self) -> Result<Client, Error> {
        for config in self.hosts.known() {
            check(&config, self.factory.as_deref())?;
        }
        Ok(self.build())
    }
}

impl Shared {
    /// The endpoints of a registry, or of one of its repositories.
    pub(super) fn route(&self, host: &RegistryHost, repository: Option<&RepositoryName>) -> Route {
        Route::new(self, self.hosts.config(host, repository))
    }

    pub(super) fn site(&self, endpoint: &Endpoint) -> Arc<Site> {
        let mut hasher = DefaultHasher::new();
        // Each host has pauses of its own: what they have in common would bring their requests together.
        (self.jitter_seed, endpoint.profile().base().as_str()).hash(&mut hasher);
        self.sites.get(endpoint, hasher.finish(), self.factory.as_deref())
    }

    /// The transport for a request to `url`: that of the endpoint if it is its own, else that of whichever host it is.
    pub(super) fn transport(&self, site: Option<&Arc<Site>>, url: &Url) -> Result<Arc<dyn Transport>, Error> {
        let own = match site {
            Some(site) => site.transport()?.cloned(),
            None => match self.site_at(url) {
                Some(site) => site.transport()?.cloned(),
                None => None,
            },
        };
        Ok(own.unwrap_or_else(|| self.transport.clone()))
    }

    /// The endpoint of the host that is called as `url` has it, if connections to it are made in a way of their own.
    fn site_at(&self, url: &Url) -> Option<Arc<Site>> {
        let name: RegistryHost = url[url::Position::BeforeHost..url::Position::AfterPort].parse().ok()?;
        let config = self.hosts.config(&name, None);
        let endpoint = config.registry();
        let applies = !endpoint.transport().is_default() && endpoint.profile().base().origin() == url.origin();
        applies.then(|| self.site(endpoint))
    }
}
