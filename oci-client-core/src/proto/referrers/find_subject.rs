use std::ops::ControlFlow;

use oci_spec_types::{AnyManifest, Digest, Document, RepositoryName, TagOrDigest};

use super::api::GetReferrers;
use crate::proto::machine::{Input, Machine, Now, Step};
use crate::proto::{GetManifest, HostMemory};
use crate::{Error, ErrorKind};

/// Finds out, before a manifest is deleted, in which lists of referrers clients have to tidy up afterwards ([spec, "Deleting Manifests"]).
///
/// ```text
/// Start ──┬─► GET referrers ──┬─► the API is there ──────────► Done(None): the registry does
///         │   (unless known)  └─► it is not ──┐
///         └─► (known to be missing) ──────────┴─► GET manifest ──► Done(Lists { subject })
///                                                 (unless its subject is known)
/// ```
///
/// A manifest that is not there or cannot be read counts as one without a subject: the delete itself says what is wrong.
///
/// [spec, "Deleting Manifests"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-manifests
#[derive(Debug)]
pub struct FindSubject {
    digest: Digest,
    name: RepositoryName,
    state: State,
    /// The subject, where it is known.
    subject: Option<Option<Digest>>,
}

impl FindSubject {
    /// For the manifest `digest` of the repository `name`.
    pub const fn new(name: RepositoryName, digest: Digest) -> Self {
        Self {
            digest,
            name,
            state: State::Fresh,
            subject: None,
        }
    }

    /// The manifest has this subject, or none, and need not be read.
    #[must_use]
    pub fn with_subject(self, subject: Option<Digest>) -> Self {
        let subject = Some(subject);
        Self { subject, ..self }
    }

    fn start(&mut self, host: &mut HostMemory, now: Now) -> Step<Option<Lists>> {
        match host.capabilities.referrers.known(now) {
            Some(true) => Step::Done(Ok(None)),
            Some(false) => self.find(host, now),
            None => {
                let get = GetReferrers::first(host, &self.name, &self.digest, None);
                self.ask(Box::new(get), host, now, Input::Start)
            }
        }
    }

    fn ask(
        &mut self,
        mut get: Box<GetReferrers>,
        host: &mut HostMemory,
        now: Now,
        input: Input,
    ) -> Step<Option<Lists>> {
        match get.resume(host, now, input).ended() {
            ControlFlow::Continue(step) => {
                self.state = State::Asking(get);
                step
            }
            ControlFlow::Break(Ok(Some(_))) => Step::Done(Ok(None)),
            ControlFlow::Break(Ok(None)) => self.find(host, now),
            ControlFlow::Break(Err(error)) => Step::fail(error),
        }
    }

    fn find(&mut self, host: &mut HostMemory, now: Now) -> Step<Option<Lists>> {
        if let Some(subject) = self.subject.take() {
            return Step::Done(Ok(Some(Lists { subject })));
        }
        let get = GetManifest::new(self.name.clone(), TagOrDigest::Digest(self.digest.clone()));
        self.read(Box::new(get), host, now, Input::Start)
    }

    fn read(
        &mut self,
        mut get: Box<GetManifest>,
        host: &mut HostMemory,
        now: Now,
        input: Input,
    ) -> Step<Option<Lists>> {
        match get.resume(host, now, input).ended() {
            ControlFlow::Continue(step) => {
                self.state = State::Reading(get);
                step
            }
            ControlFlow::Break(document) => Step::Done(subject_of(document).map(|subject| Some(Lists { subject }))),
        }
    }
}

impl Machine for FindSubject {
    type Output = Option<Lists>;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<Option<Lists>> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.start(host, now),
            (State::Asking(get), input) => self.ask(get, host, now, input),
            (State::Reading(get), input) => self.read(get, host, now, input),
            _ => Step::misuse(),
        }
    }
}

/// The lists that a registry without the referrers API leaves to clients.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Lists {
    /// The subject of the manifest, in whose list it is: to be taken out by [`UpdateReferrers`](super::UpdateReferrers). The manifest's own list is for
    /// [`DeleteFallback`](super::DeleteFallback).
    pub subject: Option<Digest>,
}

fn subject_of(document: Result<Document<AnyManifest>, Error>) -> Result<Option<Digest>, Error> {
    match document {
        Ok(document) => Ok(document.value().subject().map(|subject| subject.digest.clone())),
        // Refused for good, or no manifest that can be read here.
        Err(error) if !error.is_retryable() && (error.status().is_some() || UNREADABLE.contains(&error.kind())) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

const UNREADABLE: [ErrorKind; 4] = [
    ErrorKind::Mismatch,
    ErrorKind::Protocol,
    ErrorKind::TooLarge,
    ErrorKind::Unsupported,
];

#[derive(Debug)]
enum State {
    Asking(Box<GetReferrers>),
    Ended,
    Fresh,
    Reading(Box<GetManifest>),
}

#[cfg(test)]
mod tests;
