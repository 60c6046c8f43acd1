//! A round through both clients: what the one can do with a registry the other can, with the same requests.

use std::cell::RefCell;
use std::fmt::Debug;

use bytes::Bytes;
use http::HeaderName;
use oci_client_core::Error;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, MediaType, Tag, TagOrDigest};
use test_support::Recorded;

use crate::round::{Driver, Round};
use crate::site::Site;

impl Site {
    /// Drives the async client of the first test user through a round, and the blocking one through the same with a registry of its own.
    /// Both get the same results by the same requests; gives how many each step took.
    pub(crate) fn run(&self, round: &Round) -> String {
        self.run_as(0, round)
    }

    /// The same as another test user.
    pub(crate) fn run_as(&self, login: usize, round: &Round) -> String {
        let repository = self.registry.profile().repository();
        let client = Logged::new(self.client_as(Some(login), repository.as_str()));
        let counts = round.run(&client);

        let twin = Self::new(self.registry.profile().clone());
        let blocking = Logged::new(twin.blocking_client(login));
        assert_eq!(round.run(&blocking), counts);
        assert_eq!(blocking.results.take(), client.results.take());
        let (requests, others) = (self.recorder.requests(), twin.recorder.requests());
        assert_eq!(
            others.iter().map(line).collect::<Vec<_>>(),
            requests.iter().map(line).collect::<Vec<_>>()
        );
        assert_eq!(twin.runtime.elapsed(), self.runtime.elapsed());
        counts
    }
}

/// Keeps what each operation gave.
struct Logged<T> {
    inner: T,
    results: RefCell<Vec<String>>,
}

impl<T> Logged<T> {
    fn new(inner: T) -> Self {
        let results = RefCell::default();
        Self { inner, results }
    }

    /// Keeps a result as text, of which `shown` is what matters.
    fn keep<R, S: Debug>(&self, result: Result<R, Error>, shown: impl FnOnce(&R) -> S) -> Result<R, Error> {
        let text = match &result {
            Ok(value) => format!("{:?}", shown(value)),
            Err(error) => error.to_string(),
        };
        self.results.borrow_mut().push(text);
        result
    }
}

impl<T: Driver> Driver for Logged<T> {
    fn blob(&self, descriptor: &Descriptor) -> Result<Bytes, Error> {
        self.keep(self.inner.blob(descriptor), |content| Digest::sha256(content))
    }

    fn delete(&self, target: &TagOrDigest) -> Result<(), Error> {
        self.keep(self.inner.delete(target), |()| "deleted")
    }

    fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.keep(self.inner.manifest(target), Document::descriptor)
    }

    fn push_blob(&self, descriptor: &Descriptor, content: &Bytes) -> Result<(), Error> {
        self.keep(self.inner.push_blob(descriptor, content), |()| "pushed")
    }

    fn push_manifest(&self, target: &TagOrDigest, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.keep(self.inner.push_manifest(target, document), |()| "pushed")
    }

    fn referrers(&self, subject: &Digest, artifact_type: Option<&MediaType>) -> Result<Vec<Descriptor>, Error> {
        self.keep(self.inner.referrers(subject, artifact_type), Clone::clone)
    }

    fn requests(&self) -> usize {
        self.inner.requests()
    }

    fn tags(&self) -> Result<Vec<Tag>, Error> {
        self.keep(self.inner.tags(), Clone::clone)
    }
}

/// A request on one line, without what is drawn at random for it: the names of upload sessions, tokens and signatures.
fn line(request: &Recorded) -> String {
    let path = request.path.split('?').next().unwrap_or_default();
    let path = path
        .split_once("uploads/")
        .map_or(path.to_owned(), |(before, _)| format!("{before}uploads/SESSION"));
    let headers: Vec<_> = request.headers.keys().map(HeaderName::as_str).collect();
    let (method, origin, sent, status) = (&request.method, &request.origin, request.sent, request.status);
    format!("{method} {origin}{path} {headers:?} {sent} {status:?}")
}
