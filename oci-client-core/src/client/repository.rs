use std::fmt;
use std::sync::Arc;

use futures_util::lock::OwnedMutexGuard;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, RegistryHost, RepositoryName, TagOrDigest};

use super::blob_reader::BlobReader;
use super::driver::Driver;
use super::meter::Meter;
use super::progress::Direction;
use super::tags::Tags;
use super::{Host, Shared};
use crate::Error;
use crate::proto::auth::Scopes;
use crate::proto::{
    CredentialQuery, Delete, GetManifest, HeadBlob, HostProfile, Machine, Operation, PullBlob, Resolve,
};

/// One repository of a registry.
///
/// # Cancellation
/// Dropping the future of any method stops its requests at once, also in a pause between two tries. What had reached the registry stays there: a blob or
/// manifest whole or not at all. An upload session is cancelled in the background, through [`Runtime::spawn`](crate::runtime::Runtime::spawn), as far as that works within ten seconds; else it stays
/// until the registry lets it expire.
#[derive(Clone)]
pub struct Repository {
    host: Arc<Host>,
    name: RepositoryName,
    shared: Arc<Shared>,
}

impl Repository {
    pub(super) const fn new(shared: Arc<Shared>, host: Arc<Host>, name: RepositoryName) -> Self {
        Self { host, name, shared }
    }

    /// The registry's name.
    pub fn host(&self) -> &RegistryHost {
        self.host.profile().host()
    }

    /// The repository's name.
    pub const fn name(&self) -> &RepositoryName {
        &self.name
    }

    /// The descriptor that a tag or digest stands for; `None` if there is no such manifest.
    ///
    /// One HEAD. Digest, size and type are the registry's word until the content is fetched by the digest.
    ///
    /// # Errors
    /// If the registry cannot be asked or its answer breaks the protocol.
    pub async fn resolve(&self, target: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        self.run("resolve", &["pull"], Resolve::new(self.name.clone(), target.clone()))
            .await
    }

    /// A manifest or index: one GET, verified, with its exact bytes.
    ///
    /// # Errors
    /// Of kind [`NotFound`](crate::ErrorKind::NotFound) if it is not there, [`Mismatch`](crate::ErrorKind::Mismatch) if it does not have the digest asked for,
    /// [`Protocol`](crate::ErrorKind::Protocol) if it is no manifest.
    pub async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.run(
            "pull manifest",
            &["pull"],
            GetManifest::new(self.name.clone(), target.clone()),
        )
        .await
    }

    /// Whether a blob is in this repository: one HEAD.
    ///
    /// # Errors
    /// If the registry cannot be asked.
    pub async fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        self.run(
            "look for blob",
            &["pull"],
            HeadBlob::new(self.name.clone(), digest.clone()),
        )
        .await
    }

    /// A blob, to be read in pieces. The first request goes out with the first read.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](crate::ErrorKind::Unsupported) if this build cannot compute the digest's algorithm: nothing is returned that was not verified.
    pub fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader, Error> {
        let verifier = descriptor.verifier()?;
        let pull = PullBlob::new(self.name.clone(), descriptor.digest.clone(), descriptor.size, 0);
        let meter = Meter::new(&self.shared, descriptor, Direction::Download);
        Ok(BlobReader::new(
            self.driver("pull blob", &["pull"], pull),
            verifier,
            meter,
        ))
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
            Delete::blob(self.name.clone(), digest.clone()),
        )
        .await
    }

    pub(super) fn profile(&self) -> &HostProfile {
        self.host.profile()
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

    pub(super) fn driver<M: Machine>(&self, name: &'static str, actions: &[&str], machine: M) -> Driver<M> {
        self.driver_for(name, Scopes::repository(&self.name, actions), machine)
    }

    pub(super) fn driver_for<M: Machine>(&self, name: &'static str, scopes: Scopes, machine: M) -> Driver<M> {
        let query = CredentialQuery::new(self.host().clone(), Some(self.name.clone()));
        let operation = Operation::new(name, query, scopes);
        Driver::new(self.shared.clone(), self.host.clone(), machine, operation)
    }

    /// Only one of those who hold this changes the list of referrers of `subject`.
    pub(super) async fn lock_referrers(&self, subject: &Digest) -> OwnedMutexGuard<()> {
        let key = (self.host().clone(), self.name.clone(), subject.clone());
        self.shared.referrers.lock(key).await
    }

    /// A warning of our own.
    pub(super) fn warn(&self, text: String) {
        self.shared.tell(&self.host, self.host.warn(text));
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Repository")
            .field("host", self.host())
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
