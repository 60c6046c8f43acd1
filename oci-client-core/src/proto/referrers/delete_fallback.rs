use std::ops::ControlFlow;

use oci_spec_types::{Digest, RepositoryName, TagOrDigest};

use super::fallback::{Content, Fallback, GetFallback};
use crate::proto::machine::{Input, Machine, Now, Step};
use crate::proto::{Delete, HostMemory};
use crate::{Error, ErrorKind};

/// Deletes the fallback tag of a subject that is gone, if it holds a list of referrers ([spec, "Deleting Manifests"]).
///
/// ```text
/// Start ── GET fallback tag ──┬─► an index ── DELETE ──► Done(true)
///                             └─► 404, something else ─► Done(false)
/// ```
///
/// The tag goes, not the index by its digest: the same bytes may be under another tag.
///
/// [spec, "Deleting Manifests"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-manifests
#[derive(Debug)]
pub struct DeleteFallback {
    name: RepositoryName,
    state: State,
    subject: Digest,
}

impl DeleteFallback {
    /// For the subject `subject` in the repository `name`.
    pub const fn new(name: RepositoryName, subject: Digest) -> Self {
        Self {
            name,
            state: State::Fresh,
            subject,
        }
    }

    fn read(&mut self, mut get: Box<GetFallback>, host: &mut HostMemory, now: Now, input: Input) -> Step<bool> {
        match get.resume(host, input).ended() {
            ControlFlow::Continue(step) => {
                self.state = State::Reading(get);
                step
            }
            ControlFlow::Break(Ok(Fallback::Present {
                content: Content::Index(_),
                ..
            })) => {
                let tag = TagOrDigest::Tag(self.subject.fallback_tag());
                self.delete(Delete::manifest(self.name.clone(), tag), host, now, Input::Start)
            }
            ControlFlow::Break(Ok(_)) => Step::Done(Ok(false)),
            ControlFlow::Break(Err(error)) => Step::fail(error),
        }
    }

    fn delete(&mut self, mut delete: Delete, host: &mut HostMemory, now: Now, input: Input) -> Step<bool> {
        match delete.resume(host, now, input).ended() {
            ControlFlow::Continue(step) => {
                self.state = State::Deleting(delete);
                step
            }
            ControlFlow::Break(deleted) => Step::Done(was_there(deleted)),
        }
    }
}

impl Machine for DeleteFallback {
    type Output = bool;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<bool> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                let get = GetFallback::new(self.name.clone(), self.subject.clone());
                self.read(Box::new(get), host, now, Input::Start)
            }
            (State::Reading(get), input) => self.read(get, host, now, input),
            (State::Deleting(delete), input) => self.delete(delete, host, now, input),
            _ => Step::misuse(),
        }
    }
}

/// Gone in the meantime is as good.
fn was_there(deleted: Result<(), Error>) -> Result<bool, Error> {
    match deleted {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[derive(Debug)]
enum State {
    Deleting(Delete),
    Ended,
    Fresh,
    Reading(Box<GetFallback>),
}

#[cfg(test)]
mod tests;
