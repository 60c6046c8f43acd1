use http::Method;

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::unexpected;
use crate::{Error, ErrorKind};

/// Asks whether a host is a registry, and whether it takes the credential ([spec, "Determining Support"], end-1).
///
/// ```text
/// Start ── GET /v2/ ──┬─► Head 200 ───► Done
///                     ├─► Failed 401 ─► Failed: the credential is not taken
///                     └─► Failed 404 ─► Failed: this is no registry
/// ```
///
/// [spec, "Determining Support"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support
#[derive(Debug, Default)]
pub struct Ping {
    state: State,
}

impl Ping {
    /// One GET of `/v2/`.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Machine for Ping {
    type Output = RegistryAccess;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<RegistryAccess> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                self.state = State::Sent;
                let url = endpoint::root(host.profile().base());
                endpoint::request(Method::GET, &url, Payload::Empty).map_or_else(Step::fail, Step::Send)
            }
            (State::Sent, Input::Head { parts, .. }) if parts.status.is_success() => {
                Step::Done(Ok(if host.challenges.scheme(None).is_some() {
                    RegistryAccess::Authorized
                } else {
                    RegistryAccess::Open
                }))
            }
            (State::Sent, Input::Head { parts, url, .. }) => Step::fail(unexpected(&parts, &url)),
            (State::Sent, Input::Failed { error, .. }) => Step::fail(told(error)),
            _ => Step::misuse(),
        }
    }
}

/// How a registry answered [`Ping`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RegistryAccess {
    /// It wanted to know who asks, and was content with the answer: the credential, or a token for anybody where there is none.
    Authorized,
    /// It answered everybody. Whether it would take a credential is not known.
    Open,
}

fn told(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => error.explained("this is not a registry: it has no /v2/"),
        _ => error,
    }
}

#[derive(Debug, Default)]
enum State {
    Ended,
    #[default]
    Fresh,
    Sent,
}

#[cfg(test)]
mod tests;
