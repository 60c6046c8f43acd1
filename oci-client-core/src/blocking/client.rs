use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oci_spec_types::{Reference, RegistryHost};

use super::bridge::{Bridge, BridgeFactory, Inline};
use super::clock::Waiter;
use super::{BlockingTransport, BlockingTransportFactory, Clock, Registry, Repository, SystemClock};
use crate::Error;
use crate::client::{self, Observer};
use crate::credentials::CredentialSource;
use crate::hosts::{HostConfig, Hosts};
use crate::proto::HostProfile;
use crate::transport::Timeouts;

/// An OCI client for threads. Cloning it is cheap, and clones share what they learn: challenges, tokens, capabilities, pacing.
#[derive(Clone, Debug)]
pub struct Client {
    inner: client::Client,
    waiter: Waiter,
}

impl Client {
    /// A client without credentials, with the default profile for every registry.
    pub fn new(transport: Arc<dyn BlockingTransport>) -> Self {
        Self::builder(transport).build()
    }

    /// A client to configure.
    pub fn builder(transport: Arc<dyn BlockingTransport>) -> ClientBuilder {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let bridge = Bridge::new(transport.clone(), Timeouts::new());
        ClientBuilder {
            inner: client::Client::builder(Arc::new(bridge), Arc::new(Inline::new(clock.clone()))),
            clock,
            factory: None,
            transport,
        }
    }

    /// The registry `host`.
    pub fn registry(&self, host: &RegistryHost) -> Registry {
        Registry::new(self.inner.registry(host), self.waiter.clone())
    }

    /// The repository that `reference` names.
    pub fn repository(&self, reference: &Reference) -> Repository {
        self.registry(reference.host())
            .repository(reference.repository().clone())
    }
}

/// Configures a [`Client`].
#[must_use]
pub struct ClientBuilder {
    clock: Arc<dyn Clock>,
    factory: Option<Arc<dyn BlockingTransportFactory>>,
    inner: client::ClientBuilder,
    transport: Arc<dyn BlockingTransport>,
}

impl ClientBuilder {
    /// What the time is and how to wait; by default the system's clocks.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where credentials come from; by default there are none. The source's futures are polled on the calling thread, so it must not need an
    /// executor.
    pub fn credentials(mut self, source: impl CredentialSource + 'static) -> Self {
        self.inner = self.inner.credentials(source);
        self
    }

    /// How one registry is reached, with its mirrors, in place of what [`hosts`](Self::hosts) says of it.
    pub fn host(mut self, config: HostConfig) -> Self {
        self.inner = self.inner.host(config);
        self
    }

    /// How registries are reached that are not listed by [`host`](Self::host) or [`profile`](Self::profile); a function from a host to its profile will do.
    pub fn hosts(mut self, hosts: impl Hosts + 'static) -> Self {
        self.inner = self.inner.hosts(hosts);
        self
    }

    /// What makes the transports of hosts that have certificates or a proxy of their own. Without it, operations with such a host fail.
    pub fn transport_factory(mut self, factory: impl BlockingTransportFactory + 'static) -> Self {
        self.factory = Some(Arc::new(factory));
        self
    }

    /// The profile of one registry without mirrors, in place of the default for its host.
    pub fn profile(mut self, profile: HostProfile) -> Self {
        self.inner = self.inner.profile(profile);
        self
    }

    /// How long a server may take to begin its answer once the request has gone out, or once its content has stopped moving; 30 s by default.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.inner = self.inner.head_timeout(timeout);
        self
    }

    /// How long a server may take to answer once it has all of a blob, which it has to check and store; 5 minutes by default.
    pub fn commit_timeout(mut self, timeout: Duration) -> Self {
        self.inner = self.inner.commit_timeout(timeout);
        self
    }

    /// How long a response body may stand still; 30 s by default.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.inner = self.inner.idle_timeout(timeout);
        self
    }

    /// Makes the random part of the pauses between tries repeatable; by default each client has its own.
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.inner = self.inner.jitter_seed(seed);
        self
    }

    /// Who is told what happens while operations run: of blobs on their way, warnings and rate limits; by default nobody. All of it is traced in any case.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.inner = self.inner.observer(observer);
        self
    }

    /// The client.
    pub fn build(self) -> Client {
        let (inner, waiter) = self.bridged();
        let inner = inner.build();
        Client { inner, waiter }
    }

    /// The client, once the transports of all hosts that are known by now could be made.
    ///
    /// [`build`](Self::build) leaves that to the operations with each host.
    ///
    /// # Errors
    /// If a certificate, a key or a proxy cannot be used, or the client has no transport factory for them.
    pub fn try_build(self) -> Result<Client, Error> {
        let (inner, waiter) = self.bridged();
        let inner = inner.try_build()?;
        Ok(Client { inner, waiter })
    }

    fn bridged(self) -> (client::ClientBuilder, Waiter) {
        let timeouts = *self.inner.timeouts();
        let bridge = Bridge::new(self.transport, timeouts);
        let mut inner = self
            .inner
            .over(Arc::new(bridge), Arc::new(Inline::new(self.clock.clone())));
        if let Some(factory) = self.factory {
            inner = inner.transport_factory(BridgeFactory::new(factory, timeouts));
        }
        (inner, Waiter::new(self.clock))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
