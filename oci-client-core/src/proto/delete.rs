use http::Method;
use oci_spec_types::{Digest, RepositoryName, TagOrDigest};

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::unexpected;
use crate::{Attempt, Error, ErrorKind};

/// Deletes a tag, a manifest or a blob ([spec, "Content Management"], end-9 and end-10).
///
/// ```text
/// Start ── DELETE ──► Head 202 ──► Done
///                      (200, 204)
///                  Failed 404 after a try that may have arrived ──► Done
/// ```
///
/// A deleted manifest takes every tag that names it along; a deleted tag leaves its manifest.
///
/// [spec, "Content Management"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#content-management
#[derive(Debug)]
pub struct Delete {
    name: RepositoryName,
    what: What,
    state: State,
}

impl Delete {
    /// Deletes a tag, or a manifest by digest.
    pub const fn manifest(name: RepositoryName, target: TagOrDigest) -> Self {
        Self {
            name,
            what: What::Manifest(target),
            state: State::Fresh,
        }
    }

    /// Deletes a blob.
    pub const fn blob(name: RepositoryName, digest: Digest) -> Self {
        Self {
            name,
            what: What::Blob(digest),
            state: State::Fresh,
        }
    }
}

impl Machine for Delete {
    type Output = ();

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<()> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                let base = host.profile().base();
                let url = match &self.what {
                    What::Blob(digest) => endpoint::blob(base, &self.name, digest),
                    What::Manifest(target) => endpoint::manifest(base, &self.name, target),
                };
                self.state = State::Sent;
                endpoint::request(Method::DELETE, &url, Payload::Empty).map_or_else(Step::fail, Step::Send)
            }
            (State::Sent, Input::Head { parts, .. }) if parts.status.is_success() => Step::Done(Ok(())),
            (State::Sent, Input::Head { parts, url, .. }) => Step::fail(unexpected(&parts, &url)),
            // An earlier try may have done it, and only its answer was lost.
            (State::Sent, Input::Failed { error, .. }) if error.kind() == ErrorKind::NotFound && tried(&error) => {
                Step::Done(Ok(()))
            }
            (State::Sent, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

fn tried(error: &Error) -> bool {
    error.attempts().iter().any(Attempt::may_have_reached_server)
}

#[derive(Debug)]
enum What {
    Blob(Digest),
    Manifest(TagOrDigest),
}

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    Sent,
}

#[cfg(test)]
mod tests;
