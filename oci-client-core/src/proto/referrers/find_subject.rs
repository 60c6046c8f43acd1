use std::ops::ControlFlow;

use oci_spec_types::{AnyManifest, Digest, Document, RepositoryName, TagOrDigest};

use super::api::GetReferrers;
use crate::proto::machine::{Input, Machine, Now, Step};
use crate::proto::{GetManifest, HostMemory};
use crate::{Error, ErrorKind};

/// Finds out, before a manifest is deleted, in which lists of referrers clients have to tidy up afterwards ([spec, "Deleting Manifests"]).
///
/// ```text
/// Start ──┬─► GET referrers ──┬─► the API is there ──────────► Done(ByRegistry)
///         │   (unless known)  └─► it is not ──┐
///         └─► (known to be missing) ──────────┴─► GET manifest ──► Done(ByClients { subject })
///                                                 (unless its subject is known)
///             a refusal, an answer that makes no sense ──────────► Done(Unknown)
/// ```
///
/// A manifest that is not there, or is none that can be read here, counts as one without a subject: the delete itself says what is wrong. The look is for the tidying up
/// alone: where it is refused, the delete may well be allowed, and is not to be given up for it. Only where no answer comes at all, it fails: the delete would get none either.
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

    fn start(&mut self, host: &mut HostMemory, now: Now) -> Step<Lists> {
        match host.capabilities.referrers.known(now) {
            Some(true) => Step::Done(Ok(Lists::ByRegistry)),
            Some(false) => self.find(host, now),
            None => {
                let get = GetReferrers::first(host, &self.name, &self.digest, None);
                self.ask(Box::new(get), host, now, Input::Start)
            }
        }
    }

    fn ask(&mut self, mut get: Box<GetReferrers>, host: &mut HostMemory, now: Now, input: Input) -> Step<Lists> {
        match get.resume(host, now, input).ended() {
            ControlFlow::Continue(step) => {
                self.state = State::Asking(get);
                step
            }
            ControlFlow::Break(Ok(Some(_))) => Step::Done(Ok(Lists::ByRegistry)),
            ControlFlow::Break(Ok(None)) => self.find(host, now),
            ControlFlow::Break(Err(error)) => Step::Done(unknown(error)),
        }
    }

    fn find(&mut self, host: &mut HostMemory, now: Now) -> Step<Lists> {
        if let Some(subject) = self.subject.take() {
            return Step::Done(Ok(Lists::ByClients { subject }));
        }
        let get = GetManifest::new(self.name.clone(), TagOrDigest::Digest(self.digest.clone()));
        self.read(Box::new(get), host, now, Input::Start)
    }

    fn read(&mut self, mut get: Box<GetManifest>, host: &mut HostMemory, now: Now, input: Input) -> Step<Lists> {
        match get.resume(host, now, input).ended() {
            ControlFlow::Continue(step) => {
                self.state = State::Reading(get);
                step
            }
            ControlFlow::Break(document) => Step::Done(lists_of(document)),
        }
    }
}

impl Machine for FindSubject {
    type Output = Lists;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<Lists> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.start(host, now),
            (State::Asking(get), input) => self.ask(get, host, now, input),
            (State::Reading(get), input) => self.read(get, host, now, input),
            _ => Step::misuse(),
        }
    }
}

/// Who keeps the lists of referrers that a manifest is in, and has.
#[derive(Debug)]
#[non_exhaustive]
pub enum Lists {
    /// Clients do, under fallback tags: there is the manifest's own list, for [`DeleteFallback`](super::DeleteFallback).
    ByClients {
        /// The subject of the manifest, in whose list it is: to be taken out by [`UpdateReferrers`](super::UpdateReferrers).
        subject: Option<Digest>,
    },
    /// The registry does: there is nothing to tidy up.
    ByRegistry,
    /// It could not be found out, for this reason.
    Unknown(Error),
}

fn lists_of(document: Result<Document<AnyManifest>, Error>) -> Result<Lists, Error> {
    let subject = match document {
        Ok(document) => document.value().subject().map(|subject| subject.digest.clone()),
        Err(error) if error.kind() == ErrorKind::NotFound || UNREADABLE.contains(&error.kind()) => None,
        Err(error) => return unknown(error),
    };
    Ok(Lists::ByClients { subject })
}

/// What was answered in place of what was asked for. What was not answered at all is an error.
fn unknown(error: Error) -> Result<Lists, Error> {
    if error.status().is_some() || UNREADABLE.contains(&error.kind()) {
        Ok(Lists::Unknown(error))
    } else {
        Err(error)
    }
}

/// How an answer fails that came and is not what was asked for.
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
