use http::{Method, StatusCode, response};
use oci_spec_types::{Digest, RepositoryName};
use url::Url;

use super::session::{UploadSession, carrying};
use crate::Error;
use crate::proto::HostMemory;
use crate::proto::endpoint::{self, append_query};
use crate::proto::machine::{Input, Machine, Now, Payload, Step};
use crate::proto::reply::check_stored;

/// Takes a blob over from another repository of the registry ([spec, "Mounting a blob from another repository"], end-11).
///
/// ```text
/// Start ── POST ?mount&from ──┬► 201 ─► Done(Taken)
///                             ├► 202 ─► Done(Opened): a session, to be used; or DELETE ─► Done(Refused)
///                             └► any other ─► Done(Refused)
/// ```
///
/// A mount without a `from`, for which the registry would search all its repositories, is not tried: registries open a session instead.
///
/// It takes the right to push to the one repository and to pull from the other: name both in the [`Operation`](crate::proto::Operation), the target first, since some token
/// servers read the first scope only.
///
/// [spec, "Mounting a blob from another repository"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
#[derive(Debug)]
pub struct Mount {
    digest: Digest,
    from: RepositoryName,
    name: RepositoryName,
    or_nothing: bool,
    state: State,
}

/// What came of the wish to mount a blob.
#[derive(Debug)]
#[non_exhaustive]
pub enum Mounted {
    /// The registry has opened an upload session instead.
    Opened(UploadSession),
    /// The registry does not mount this blob: it has it not, or the caller may not read it there.
    Refused,
    /// The blob is in the repository now.
    Taken,
}

impl Mount {
    /// Mounts the blob `digest` of the repository `from` into the repository `name`.
    pub const fn new(name: RepositoryName, digest: Digest, from: RepositoryName) -> Self {
        Self {
            digest,
            from,
            name,
            or_nothing: false,
            state: State::Fresh,
        }
    }

    /// Has no use for a session that is opened instead: it is cancelled at once.
    #[must_use]
    pub const fn or_nothing(mut self) -> Self {
        self.or_nothing = true;
        self
    }

    fn request(&mut self, host: &HostMemory) -> Step<Mounted> {
        let mut url = endpoint::uploads(host.profile().base(), &self.name);
        append_query(&mut url, "mount", &self.digest.to_string());
        append_query(&mut url, "from", self.from.as_str());
        self.state = State::Sent;
        carrying(Method::POST, &url, Payload::Empty).map_or_else(Step::fail, Step::Send)
    }

    fn answered(&mut self, parts: &response::Parts, url: &Url) -> Step<Mounted> {
        match (parts.status, UploadSession::opened(parts, url)) {
            (StatusCode::CREATED, _) => {
                let stored = check_stored(&parts.headers, &self.digest).map_err(|error| error.at(url));
                Step::Done(stored.map(|()| Mounted::Taken))
            }
            (StatusCode::ACCEPTED, Ok(session)) if !self.or_nothing => Step::Done(Ok(Mounted::Opened(session))),
            (StatusCode::ACCEPTED, Ok(session)) => {
                self.state = State::Cancelling;
                session.cancel().map_or_else(Step::fail, Step::Send)
            }
            // A session whose place cannot be read, or may not be used, is as good as none.
            _ => Step::Done(Ok(Mounted::Refused)),
        }
    }
}

impl Machine for Mount {
    type Output = Mounted;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<Mounted> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.request(host),
            (State::Sent, Input::Head { parts, url, .. }) => self.answered(&parts, &url),
            (State::Sent, Input::Failed { error, .. }) if is_refusal(&error) => Step::Done(Ok(Mounted::Refused)),
            (State::Sent, Input::Failed { error, .. }) => Step::fail(error),
            (State::Cancelling, Input::Head { .. } | Input::Failed { .. }) => Step::Done(Ok(Mounted::Refused)),
            _ => Step::misuse(),
        }
    }
}

/// Whether an upload may do what the mount did not: also the token endpoint may say no to reading from the other repository.
fn is_refusal(error: &Error) -> bool {
    use crate::ErrorKind::{Denied, NotFound, Protocol, Refused, Server, TooLarge, Unauthorized, Unsupported};
    matches!(
        error.kind(),
        Denied | NotFound | Protocol | Refused | Server | TooLarge | Unauthorized | Unsupported
    )
}

#[derive(Debug)]
enum State {
    Cancelling,
    Ended,
    Fresh,
    Sent,
}

#[cfg(test)]
mod tests;
