//! The blocking client as a driver of rounds.

use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::Error;
use oci_client_core::blocking::{BlockOn, Client, Repository};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, MediaType, Tag, TagOrDigest};

use crate::round::Driver;
use crate::site::Site;

/// A client on a repository, and how many requests it has sent.
pub(crate) struct BlockingClient {
    repository: Repository,
    requests: Box<dyn Fn() -> usize>,
}

impl BlockingClient {
    pub(crate) fn new(repository: Repository, requests: impl Fn() -> usize + 'static) -> Self {
        let requests = Box::new(requests);
        Self { repository, requests }
    }
}

impl Site {
    /// The blocking client of one test user on the profile's repository.
    pub(crate) fn blocking_client(&self, login: usize) -> BlockingClient {
        let clock = Arc::new(self.runtime.clone());
        let transport = BlockOn::with_clock(self.recorder.clone(), clock.clone());
        let client = Client::builder(Arc::new(transport))
            .clock(clock)
            .jitter_seed(1)
            .credentials(self.logins(Some(login)))
            .build();
        let recorder = self.recorder.clone();
        let profile = self.registry.profile();
        let repository = client.registry(&profile.host()).repository(profile.repository());
        BlockingClient::new(repository, move || recorder.count())
    }
}

impl Driver for BlockingClient {
    fn blob(&self, descriptor: &Descriptor) -> Result<Bytes, Error> {
        self.repository.blob(descriptor)?.bytes(128 << 20)
    }

    fn delete(&self, target: &TagOrDigest) -> Result<(), Error> {
        self.repository.delete_manifest(target)
    }

    fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.repository.manifest(target)
    }

    fn push_blob(&self, descriptor: &Descriptor, content: &Bytes) -> Result<(), Error> {
        let content = Arc::new(content.clone());
        self.repository.push_blob(descriptor, content).map(drop)
    }

    fn push_manifest(&self, target: &TagOrDigest, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.repository.push_manifest(target, document).map(drop)
    }

    fn referrers(&self, subject: &Digest, artifact_type: Option<&MediaType>) -> Result<Vec<Descriptor>, Error> {
        let referrers = self.repository.referrers(subject);
        match artifact_type {
            Some(artifact_type) => referrers.artifact_type(artifact_type.clone()).all(),
            None => referrers.all(),
        }
    }

    fn requests(&self) -> usize {
        (self.requests)()
    }

    fn tags(&self) -> Result<Vec<Tag>, Error> {
        self.repository.tags().all()
    }
}
