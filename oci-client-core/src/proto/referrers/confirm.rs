use std::ops::ControlFlow;

use oci_spec_types::{Digest, RepositoryName};

use super::api::GetReferrers;
use crate::ErrorKind;
use crate::proto::machine::{Input, Machine, Now, Step};
use crate::proto::{HostMemory, RecordedReferrer};

/// Finds out whether a registry that says it knows the subject of a pushed manifest lists referrers at all ([spec, "Pushing Manifests with Subject"]).
///
/// ```text
/// Start ──┬─ GET referrers of the subject ──┬─► an index ─────────────────────────────────► Done(ByRegistry)
///         │  (unless known)                 ├─► 400, 404, 405, 406, 501, something else ──► Done(NotYet)
///         │                                 └─► any other failure ────────────────────────► Done(Claimed)
///         └─ (known) ───────────────────────────────────────────────────────────────────► Done(ByRegistry or NotYet)
/// ```
///
/// There are registries that answer with `OCI-Subject` and have no referrers API: what is attached there would be found by nobody. What this has found out is
/// remembered for the host, so that later pushes know. It asks for the very list that readers will ask for, and so comes to the same result.
///
/// The manifest is stored already: no failure of this is one of the push.
///
/// [spec, "Pushing Manifests with Subject"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests-with-subject
#[derive(Debug)]
pub struct ConfirmReferrer {
    name: RepositoryName,
    state: State,
    subject: Digest,
}

impl ConfirmReferrer {
    /// For a manifest with the subject `subject` in the repository `name`, where the answer to its push was
    /// [`RecordedReferrer::Claimed`].
    pub const fn new(name: RepositoryName, subject: Digest) -> Self {
        Self {
            name,
            state: State::Fresh,
            subject,
        }
    }

    fn ask(
        &mut self,
        mut get: Box<GetReferrers>,
        host: &mut HostMemory,
        now: Now,
        input: Input,
    ) -> Step<RecordedReferrer> {
        match get.resume(host, now, input).ended() {
            ControlFlow::Continue(step) => {
                self.state = State::Asking(get);
                step
            }
            ControlFlow::Break(Ok(page)) => Step::Done(Ok(recorded(page.is_some()))),
            ControlFlow::Break(Err(error)) if error.kind() == ErrorKind::Misuse => Step::fail(error),
            ControlFlow::Break(Err(_)) => Step::Done(Ok(RecordedReferrer::Claimed)),
        }
    }
}

impl Machine for ConfirmReferrer {
    type Output = RecordedReferrer;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<RecordedReferrer> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => match host.capabilities.referrers.known(now) {
                Some(known) => Step::Done(Ok(recorded(known))),
                None => {
                    let get = GetReferrers::first(host, &self.name, &self.subject, None);
                    self.ask(Box::new(get), host, now, Input::Start)
                }
            },
            (State::Asking(get), input) => self.ask(get, host, now, input),
            _ => Step::misuse(),
        }
    }
}

const fn recorded(by_registry: bool) -> RecordedReferrer {
    match by_registry {
        true => RecordedReferrer::ByRegistry,
        false => RecordedReferrer::NotYet,
    }
}

#[derive(Debug)]
enum State {
    Asking(Box<GetReferrers>),
    Ended,
    Fresh,
}

#[cfg(test)]
mod tests;
