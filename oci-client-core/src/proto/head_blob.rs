use http::{Method, StatusCode};
use oci_spec_types::{Digest, RepositoryName};

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::unexpected;
use super::session::Unfollowed;
use crate::ErrorKind;

/// Asks whether a blob is in a repository ([spec, "Checking if content exists in the registry"], end-2).
///
/// ```text
/// Start ── HEAD ──┬─► Head 200, 3xx ──► Done(true)
///                 └─► Failed 404 ─────► Done(false)
/// ```
///
/// A redirect leads to where the content is, so there is content: it is not followed.
///
/// [spec, "Checking if content exists in the registry"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#checking-if-content-exists-in-the-registry
#[derive(Debug)]
pub struct HeadBlob {
    digest: Digest,
    name: RepositoryName,
    state: State,
}

impl HeadBlob {
    /// Asks for `digest` in the repository `name`.
    pub const fn new(name: RepositoryName, digest: Digest) -> Self {
        Self {
            digest,
            name,
            state: State::Fresh,
        }
    }
}

impl Machine for HeadBlob {
    type Output = bool;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<bool> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                let url = endpoint::blob(host.profile().base(), &self.name, &self.digest);
                match endpoint::request(Method::HEAD, &url, Payload::Empty) {
                    Ok(mut request) => {
                        request.extensions_mut().insert(Unfollowed);
                        self.state = State::Sent;
                        Step::Send(request)
                    }
                    Err(error) => Step::fail(error),
                }
            }
            (State::Sent, Input::Head { parts, url, .. }) => {
                let exists = parts.status == StatusCode::OK || parts.status.is_redirection();
                Step::Done(if exists {
                    Ok(true)
                } else {
                    Err(unexpected(&parts, &url))
                })
            }
            (State::Sent, Input::Failed { error, .. }) if error.kind() == ErrorKind::NotFound => Step::Done(Ok(false)),
            (State::Sent, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    Sent,
}

#[cfg(test)]
mod tests;
