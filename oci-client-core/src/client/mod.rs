//! The async client: a handle per registry and per repository, over any [`Transport`] and [`Runtime`].

mod blob_reader;
mod catalog;
mod content;
mod download;
mod driver;
mod file;
mod held;
mod host;
mod hosts;
mod lanes;
mod list;
mod locks;
mod manifests;
mod meter;
mod observer;
mod one_shot;
mod outgoing;
mod progress;
mod pull_options;
mod push;
mod raw;
mod referrers;
mod registry;
mod repository;
mod route;
mod seekable;
mod site;
mod tags;
mod traced;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use oci_spec_types::{Digest, Reference, RegistryHost, RepositoryName};

use crate::credentials::{CredentialSource, StaticCredentials};
use crate::hosts::HostTable;
use crate::runtime::Runtime;
use crate::transport::{Timeouts, Transport, TransportFactory};

pub use crate::proto::{RecordedReferrer, RegistryAccess, StoredManifest, Uploaded, WarningOrigin};
pub use blob_reader::BlobReader;
pub use catalog::Catalog;
pub(crate) use content::sealed;
pub use content::{Chunks, Content, VerifiedContent};
pub use file::FileContent;
pub(crate) use file::hash_file;
#[cfg(feature = "blocking")]
pub(crate) use file::{open_at, unreadable};
pub use observer::{Observer, RateLimitEvent, WarningEvent};
pub use progress::{BlobEvent, BlobProgress, Direction};
pub use pull_options::PullOptions;
pub use raw::ResponseBody;
pub use referrers::Referrers;
pub use registry::Registry;
pub use repository::Repository;
pub use seekable::UnverifiedBlob;
pub use tags::Tags;

use self::locks::Locks;
use self::site::Sites;

/// An OCI client. Cloning it is cheap, and clones share what they learn: challenges, tokens, capabilities, pacing.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use http::{Request, Response};
/// use oci_client_core::client::Client;
/// use oci_client_core::runtime::{ThreadRuntime, block_on};
/// use oci_client_core::transport::{Body, Transport, TransportError};
/// use oci_spec_types::Reference;
///
/// // In place of an HTTP library: a registry that only ever lists one tag.
/// struct OneTag;
///
/// #[async_trait]
/// impl Transport for OneTag {
///     async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
///         assert_eq!(request.uri(), "https://registry.example.com/v2/app/tags/list");
///         Ok(Response::new(Body::from(br#"{"name":"app","tags":["1.0"]}"#.to_vec())))
///     }
/// }
///
/// let client = Client::new(Arc::new(OneTag), Arc::new(ThreadRuntime::new()));
/// let reference: Reference = "registry.example.com/app".parse()?;
/// let tags = block_on(client.repository(&reference).tags().all())?;
/// assert_eq!(tags, ["1.0".parse()?]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// A client without credentials, with the default profile for every registry.
    pub fn new(transport: Arc<dyn Transport>, runtime: Arc<dyn Runtime>) -> Self {
        Self::builder(transport, runtime).build()
    }

    /// A client to configure.
    pub fn builder(transport: Arc<dyn Transport>, runtime: Arc<dyn Runtime>) -> ClientBuilder {
        ClientBuilder {
            credentials: Arc::new(StaticCredentials::new()),
            factory: None,
            hosts: HostTable::new(),
            jitter_seed: None,
            observer: None,
            runtime,
            timeouts: Timeouts::new(),
            transport,
        }
    }

    /// The registry `host`.
    pub fn registry(&self, host: &RegistryHost) -> Registry {
        Registry::new(self.shared.clone(), host.clone())
    }

    /// The repository that `reference` names.
    pub fn repository(&self, reference: &Reference) -> Repository {
        self.registry(reference.host())
            .repository(reference.repository().clone())
    }

    /// The runtime that the client was made with.
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.shared.runtime
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("timeouts", &self.shared.timeouts)
            .finish_non_exhaustive()
    }
}

/// Configures a [`Client`].
#[must_use]
pub struct ClientBuilder {
    credentials: Arc<dyn CredentialSource>,
    factory: Option<Arc<dyn TransportFactory>>,
    hosts: HostTable,
    jitter_seed: Option<u64>,
    observer: Option<Arc<dyn Observer>>,
    runtime: Arc<dyn Runtime>,
    timeouts: Timeouts,
    transport: Arc<dyn Transport>,
}

impl ClientBuilder {
    /// Where credentials come from; by default there are none.
    pub fn credentials(mut self, source: impl CredentialSource + 'static) -> Self {
        self.credentials = Arc::new(source);
        self
    }

    /// How long a server may take to begin its answer once the request has gone out, or once its content has stopped moving; 30 s by default.
    pub const fn head_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts = self.timeouts.with_head(timeout);
        self
    }

    /// How long a server may take to answer once it has all of a blob, which it has to check and store; 5 minutes by default.
    pub const fn commit_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts = self.timeouts.with_commit(timeout);
        self
    }

    /// How long a response body may stand still; 30 s by default.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts = self.timeouts.with_idle(timeout);
        self
    }

    /// Makes the random part of the pauses between tries repeatable; by default each client has its own.
    pub const fn jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = Some(seed);
        self
    }

    /// Who is told what happens while operations run: of blobs on their way, warnings and rate limits; by default nobody. All of it is traced in any case.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The same over another transport and runtime.
    #[cfg(feature = "blocking")]
    pub(crate) fn over(mut self, transport: Arc<dyn Transport>, runtime: Arc<dyn Runtime>) -> Self {
        self.transport = transport;
        self.runtime = runtime;
        self
    }

    #[cfg(feature = "blocking")]
    pub(crate) const fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// The client.
    pub fn build(self) -> Client {
        let shared = Shared {
            credentials: self.credentials,
            factory: self.factory,
            hosts: self.hosts,
            jitter_seed: self.jitter_seed.unwrap_or_else(|| RandomState::new().hash_one(())),
            observer: self.observer,
            referrers: Locks::default(),
            runtime: self.runtime,
            sites: Sites::default(),
            timeouts: self.timeouts,
            transport: self.transport,
        };
        Client {
            shared: Arc::new(shared),
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// What all handles of a client share.
struct Shared {
    credentials: Arc<dyn CredentialSource>,
    factory: Option<Arc<dyn TransportFactory>>,
    hosts: HostTable,
    jitter_seed: u64,
    observer: Option<Arc<dyn Observer>>,
    /// Held by whoever changes the list of referrers of a subject.
    referrers: Locks<(RegistryHost, RepositoryName, Digest)>,
    runtime: Arc<dyn Runtime>,
    sites: Sites,
    timeouts: Timeouts,
    transport: Arc<dyn Transport>,
}
