use http::{Method, StatusCode};
use oci_spec_types::{Digest, RepositoryName};

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::{content_length, unexpected};
use super::session::Unfollowed;
use crate::{Error, ErrorKind};

/// Asks whether a blob is in a repository ([spec, "Checking if content exists in the registry"], end-2).
///
/// ```text
/// Start ── HEAD ──┬─► Head 200, 3xx ──► Done(true), or an error if the size is another
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
    size: Option<u64>,
    state: State,
}

impl HeadBlob {
    /// Asks for `digest` in the repository `name`.
    pub const fn new(name: RepositoryName, digest: Digest) -> Self {
        Self {
            digest,
            name,
            size: None,
            state: State::Fresh,
        }
    }

    /// Also has the size compared that the registry tells, where it tells one: another is an error of kind [`Mismatch`](ErrorKind::Mismatch). A redirect tells none, and 0 is what
    /// some answer to every HEAD.
    #[must_use]
    pub const fn expecting(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    fn check(&self, told: Option<u64>) -> Result<bool, Error> {
        match (self.size, told) {
            (Some(size), Some(told)) if told != 0 && told != size => {
                let digest = &self.digest;
                let message = format!("the registry says that the blob {digest} has {told} bytes instead of {size}");
                Err(Error::new(ErrorKind::Mismatch, message))
            }
            _ => Ok(true),
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
            (State::Sent, Input::Head { parts, url, .. }) => Step::Done(match parts.status {
                StatusCode::OK => self.check(content_length(&parts.headers)),
                status if status.is_redirection() => Ok(true),
                _ => Err(unexpected(&parts, &url)),
            }),
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
