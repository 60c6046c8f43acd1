use std::fmt;
use std::sync::Arc;

use futures_util::lock::OwnedMutexGuard;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, RegistryHost, RepositoryName, TagOrDigest};
use tracing::Span;

use super::Shared;
use super::blob_reader::BlobReader;
use super::driver::Driver;
use super::held::{Elsewhere, Held, Turn, capability_for};
use super::meter::Meter;
use super::progress::Direction;
use super::route::Route;
use super::tags::Tags;
use super::traced::operation_span;
use crate::Error;
use crate::hosts::{Failover, HostCapabilities};
use crate::proto::auth::Scopes;
use crate::proto::{Delete, GetManifest, HeadBlob, HostProfile, Machine, PullBlob, Resolve, Session};

/// One repository of a registry.
///
/// What is read comes from the first of the registry's [mirrors](crate::hosts) that has it and may be asked for it, else from the registry; everything else is the registry's alone.
///
/// # Cancellation
/// Dropping the future of any method stops its requests at once, also in a pause between two tries. What had reached the registry stays there: a blob or
/// manifest whole or not at all. An upload session is cancelled in the background, through [`Runtime::spawn`](crate::runtime::Runtime::spawn), as far as that works within ten seconds; else it stays
/// until the registry lets it expire.
#[derive(Clone)]
pub struct Repository {
    /// What users call it.
    called: RepositoryName,
    route: Arc<Route>,
    shared: Arc<Shared>,
    /// What it is called where its content is stored; mirrors may have yet another name for it.
    stored: RepositoryName,
}

impl Repository {
    pub(super) fn new(shared: Arc<Shared>, host: &RegistryHost, called: RepositoryName) -> Self {
        let route = shared.route(host, Some(&called));
        // Where it has none, every operation says so.
        let stored = route.main().and_then(|main| route.name(main, &called));
        Self {
            stored: stored.unwrap_or_else(|_| called.clone()),
            called,
            route: Arc::new(route),
            shared,
        }
    }

    /// The registry's name.
    pub fn host(&self) -> &RegistryHost {
        self.route.config().name()
    }

    /// The repository's name.
    pub const fn name(&self) -> &RepositoryName {
        &self.called
    }

    /// The descriptor that a tag or digest stands for; `None` if there is no such manifest.
    ///
    /// One HEAD. Digest, size and type are the registry's word until the content is fetched by the digest.
    ///
    /// # Errors
    /// If the registry cannot be asked or its answer breaks the protocol.
    pub async fn resolve(&self, target: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        let wanted = target.clone();
        let make = move |name, _| Resolve::new(name, wanted.clone());
        self.reading("resolve", capability_for(target), make, Option::is_none)
            .run()
            .await
    }

    /// A manifest or index: one GET, verified, with its exact bytes.
    ///
    /// # Errors
    /// Of kind [`NotFound`](crate::ErrorKind::NotFound) if it is not there, [`Mismatch`](crate::ErrorKind::Mismatch) if it does not have the digest asked for,
    /// [`Protocol`](crate::ErrorKind::Protocol) if it is no manifest.
    pub async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let wanted = target.clone();
        let make = move |name, _| GetManifest::new(name, wanted.clone());
        self.reading("pull manifest", capability_for(target), make, |_| false)
            .run()
            .await
    }

    /// Whether a blob is in this repository: one HEAD. Mirrors are not asked: what they hold says nothing of the registry.
    ///
    /// # Errors
    /// If the registry cannot be asked.
    pub async fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        self.run(
            "look for blob",
            &["pull"],
            HeadBlob::new(self.stored.clone(), digest.clone()),
        )
        .await
    }

    /// As [`has_blob`](Self::has_blob), with the size compared where the registry tells it.
    pub(crate) async fn has_blob_of_size(&self, digest: &Digest, size: u64) -> Result<bool, Error> {
        let machine = HeadBlob::new(self.stored.clone(), digest.clone()).expecting(size);
        self.run("look for blob", &["pull"], machine).await
    }

    /// A blob, to be read in pieces. The first request goes out with the first read.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](crate::ErrorKind::Unsupported) if this build cannot compute the digest's algorithm: nothing is returned that was not verified.
    pub fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader, Error> {
        let verifier = descriptor.verifier()?;
        let (digest, size) = (descriptor.digest.clone(), descriptor.size);
        let make = move |name, at| PullBlob::new(name, digest.clone(), size, at);
        let driver = self.reading("pull blob", HostCapabilities::PULL, make, |()| false);
        let meter = Meter::new(&self.shared, descriptor, Direction::Download);
        Ok(BlobReader::new(driver, verifier, meter))
    }

    /// The repository's tags, page by page.
    pub fn tags(&self) -> Tags {
        Tags::new(self.clone())
    }

    /// Deletes a blob.
    ///
    /// # Errors
    /// As [`delete_manifest`](Self::delete_manifest).
    pub async fn delete_blob(&self, digest: &Digest) -> Result<(), Error> {
        self.run(
            "delete blob",
            &["delete", "pull"],
            Delete::blob(self.stored.clone(), digest.clone()),
        )
        .await
    }

    /// What is configured of the endpoint where content is stored.
    pub(super) fn profile(&self) -> &HostProfile {
        self.route.main_profile()
    }

    /// Whether there are mirrors to ask.
    pub(super) fn is_mirrored(&self) -> bool {
        !self.route.config().mirrors().is_empty()
    }

    /// What it is called where it is stored.
    pub(super) const fn stored_name(&self) -> &RepositoryName {
        &self.stored
    }

    /// What another repository of the registry is called where this one is stored.
    pub(super) fn name_where_stored(&self, other: &RepositoryName) -> Result<RepositoryName, Error> {
        self.route.main().and_then(|main| self.route.name(main, other))
    }

    pub(super) async fn run<M: Machine>(
        &self,
        name: &'static str,
        actions: &[&str],
        machine: M,
    ) -> Result<M::Output, Error> {
        self.driver(name, actions, machine).run().await
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// A machine at the endpoint where content is stored, made for the name that the repository has there.
    pub(super) fn driver<M: Machine>(&self, name: &'static str, actions: &[&str], machine: M) -> Driver<M> {
        self.driver_for(name, Scopes::repository(&self.stored, actions), machine)
    }

    pub(super) fn driver_for<M: Machine>(&self, name: &'static str, scopes: Scopes, machine: M) -> Driver<M> {
        let held = self
            .route
            .main()
            .and_then(|main| self.held_at(main, name, scopes, machine));
        self.driver_of(name, held)
    }

    /// A machine at the endpoint of this number, made from the name that the repository has there.
    pub(super) fn driver_at<M: Machine>(
        &self,
        number: usize,
        name: &'static str,
        make: impl FnOnce(RepositoryName) -> M,
    ) -> Driver<M> {
        let there = self.route.name(number, &self.called);
        let held = there.and_then(|there| {
            let scopes = Scopes::repository(&there, &["pull"]);
            self.held_at(number, name, scopes, make(there))
        });
        self.driver_of(name, held)
    }

    fn held_at<M: Machine>(
        &self,
        number: usize,
        name: &'static str,
        scopes: Scopes,
        machine: M,
    ) -> Result<Held<M>, Error> {
        let operation = self.route.operation(number, &self.called, name, scopes)?;
        let site = self.route.site(number)?.clone();
        Ok(Held::at(self.shared.clone(), site, Session::new(machine, operation)))
    }

    fn driver_of<M: Machine>(&self, name: &'static str, held: Result<Held<M>, Error>) -> Driver<M> {
        let held = held.unwrap_or_else(|error| Held::refused(self.shared.clone(), error));
        Driver::new(self.shared.clone(), held, self.span(name))
    }

    /// A machine that reads wherever it can, made anew for each endpoint: from its name for the repository and the offset up to which content has come in.
    pub(super) fn reading<M: Machine>(
        &self,
        name: &'static str,
        capability: HostCapabilities,
        make: impl Fn(RepositoryName, u64) -> M + Send + Sync + 'static,
        is_nothing: fn(&M::Output) -> bool,
    ) -> Driver<M> {
        let failover = self.route.failover(capability, self.shared.runtime.now());
        let make = move |turn: Turn| make(turn.name, turn.reached);
        self.reading_in_turn(name, failover, make, is_nothing)
    }

    /// The same where it is decided which endpoints are asked, and the machine depends on which it is.
    pub(super) fn reading_in_turn<M: Machine>(
        &self,
        name: &'static str,
        failover: Result<Failover, Error>,
        make: impl Fn(Turn) -> M + Send + Sync + 'static,
        is_nothing: fn(&M::Output) -> bool,
    ) -> Driver<M> {
        let held = failover.map(|failover| {
            let elsewhere = Elsewhere {
                actions: &["pull"],
                called: self.called.clone(),
                failover,
                is_nothing,
                make: Box::new(make),
                operation: name,
                route: self.route.clone(),
            };
            Held::anywhere(self.shared.clone(), elsewhere)
        });
        self.driver_of(name, held)
    }

    /// The endpoints at which the repository is to be had.
    pub(super) const fn route(&self) -> &Arc<Route> {
        &self.route
    }

    fn span(&self, name: &'static str) -> Span {
        operation_span(name, self.host(), Some(&self.called))
    }

    /// Only one of those who hold this changes the list of referrers of `subject`.
    pub(super) async fn lock_referrers(&self, subject: &Digest) -> OwnedMutexGuard<()> {
        let key = (self.host().clone(), self.stored.clone(), subject.clone());
        self.shared.referrers.lock(key).await
    }

    /// A warning of our own, about what is stored.
    pub(super) fn warn(&self, text: String) {
        // Whoever has something to warn of has been there.
        if let Ok(site) = self.route.main().and_then(|main| self.route.site(main)) {
            self.shared.tell(site, site.host().warn(text));
        }
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Repository")
            .field("host", self.host())
            .field("name", &self.called)
            .finish_non_exhaustive()
    }
}
