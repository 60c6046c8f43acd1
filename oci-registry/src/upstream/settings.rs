use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oci_client_core::client::{Client, ClientBuilder};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::Transport;
use oci_spec_types::{RegistryHost, RepositoryName};

use super::PullThrough;
use super::checks::Checks;
use super::flights::Flights;
use super::marked::{Mark, Marked};
use super::pull::Pulls;
use crate::registry::RegistryBuilder;

impl RegistryBuilder {
    /// Asks `upstream` for what is not in the storage, and keeps it.
    ///
    /// Also a registry that is [read-only](Self::read_only) fills its storage in this way.
    #[must_use]
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = Some(upstream);
        self
    }
}

/// Another registry, from which a [`Registry`](crate::Registry) gets what it does not have: a pull-through cache.
///
/// - Manifests, blobs and lists of referrers are fetched when they are first asked for. Only what has been verified is stored: a mismatch ends the answer in
///   an error, and nothing of it stays. Everybody who asks for the same content at once gets it from one request to the upstream.
/// - The first who asks for a blob gets it while it comes in, whole; all others, those who ask for a range, and who reads too slowly get it from the storage
///   once it is there. The blob comes in whole even if all of them go away.
/// - Tags and lists of referrers are looked up again after a [time](Self::with_tag_age). While the upstream cannot be asked, what is in the storage is answered with a
///   `Warning`. If the upstream has no such tag any more, it goes here too. Where the upstream refuses, so does this registry: with 403, since its own clients cannot log in there.
/// - What the upstream does not have or does not answer is not asked for again for [some seconds](Self::with_failure_age).
/// - Repositories that the [mapping](Self::with_mapping) gives to the upstream take nothing from clients: pushes and deletes get 405. The others are ordinary ones.
/// - Lists of tags and of repositories have what is here.
/// - Requests with a parameter `ns`, which clients add for mirrors, must name the upstream; the answer repeats the name in `OCI-Namespace`.
/// - The collection of garbage spares what is used: each read begins the age of a blob or manifest anew.
///
/// Requests to the upstream carry a `Via` field. One that comes back to its own registry gets 508, unless it went by a transport of a
/// [factory](ClientBuilder::transport_factory).
///
/// ```
/// use std::sync::Arc;
///
/// use http::{Request, StatusCode};
/// use oci_client_core::runtime::{ThreadRuntime, block_on};
/// use oci_client_core::transport::Body;
/// use oci_registry::{Registry, Upstream};
/// use oci_spec_types::Digest;
///
/// // In place of an HTTP library and a registry far away.
/// let far = Registry::in_memory();
/// let digest = Digest::sha256(b"hello");
/// let push = Request::post(format!("/v2/library/demo/blobs/uploads/?digest={digest}")).body(Body::from(b"hello".to_vec()))?;
/// assert_eq!(block_on(far.handle(push)).status(), StatusCode::CREATED);
///
/// // Names of one part are those of the upstream below `library`.
/// let upstream = Upstream::new("registry.example.com".parse()?, Arc::new(far), Arc::new(ThreadRuntime::new()))
///     .with_mapping(|name| match name.as_str().contains('/') {
///         true => Some(name.clone()),
///         false => format!("library/{name}").parse().ok(),
///     });
/// let registry = Registry::builder().upstream(upstream).build();
///
/// let pull = Request::get(format!("/v2/demo/blobs/{digest}")).body(Body::empty())?;
/// let content = block_on(async { registry.handle(pull).await.into_body().collect(1024).await })?;
/// assert_eq!(content, "hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Upstream {
    client: ClientBuilder,
    mark: Mark,
    settings: Settings,
}

impl Upstream {
    /// Default for [`with_failure_age`](Self::with_failure_age): 10 s.
    pub const FAILURE_AGE: Duration = Duration::from_secs(10);
    /// Default for [`with_pulls`](Self::with_pulls).
    pub const PULLS: usize = 64;
    /// Default for [`with_tag_age`](Self::with_tag_age): a minute.
    pub const TAG_AGE: Duration = Duration::from_secs(60);

    /// The registry `host`, which has the same names, over `transport`. Time, and tasks for the blobs that come in, are those of `runtime`.
    pub fn new(host: RegistryHost, transport: Arc<dyn Transport>, runtime: Arc<dyn Runtime>) -> Self {
        let mark = Mark::new();
        Self {
            client: Client::builder(Arc::new(Marked::new(transport, &mark)), runtime),
            mark,
            settings: Settings {
                failure_age: Self::FAILURE_AGE,
                host,
                mapping: Arc::new(|name| Some(name.clone())),
                pulls: Self::PULLS,
                tag_age: Self::TAG_AGE,
            },
        }
    }

    /// Configures the client that asks the upstream: credentials, profile, timeouts, mirrors.
    pub fn with_client(mut self, configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        self.client = configure(self.client);
        self
    }

    /// Sets how long what the upstream does not have, or could not be asked for, is not asked for again.
    pub const fn with_failure_age(mut self, age: Duration) -> Self {
        self.settings.failure_age = age;
        self
    }

    /// Sets what a repository is called there; `None` if it is not the upstream's.
    ///
    /// Two names here may be the same one there; what is pulled is kept for each.
    pub fn with_mapping(
        mut self,
        mapping: impl Fn(&RepositoryName) -> Option<RepositoryName> + Send + Sync + 'static,
    ) -> Self {
        self.settings.mapping = Arc::new(mapping);
        self
    }

    /// Sets how many blobs may come in at once; more give 503. Each also counts as an [open upload](crate::Limits::with_open_uploads).
    pub const fn with_pulls(mut self, pulls: usize) -> Self {
        self.settings.pulls = pulls;
        self
    }

    /// Sets how long a tag or list of referrers is answered without being looked up again.
    pub const fn with_tag_age(mut self, age: Duration) -> Self {
        self.settings.tag_age = age;
        self
    }

    pub(crate) fn start(self) -> Arc<PullThrough> {
        Arc::new(PullThrough {
            checks: Checks::default(),
            client: self.client.build(),
            flights: Flights::default(),
            mark: self.mark,
            pulls: Pulls::default(),
            settings: self.settings,
        })
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Upstream")
            .field("host", &self.settings.host)
            .finish_non_exhaustive()
    }
}

pub(super) struct Settings {
    pub(super) failure_age: Duration,
    pub(super) host: RegistryHost,
    pub(super) mapping: Arc<Mapping>,
    pub(super) pulls: usize,
    pub(super) tag_age: Duration,
}

type Mapping = dyn Fn(&RepositoryName) -> Option<RepositoryName> + Send + Sync;
