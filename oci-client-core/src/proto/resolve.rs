use http::header::HeaderMap;
use http::{Method, StatusCode};
use oci_spec_types::{Descriptor, Mismatch, RepositoryName, TagOrDigest};

use super::HostMemory;
use super::get_manifest::{Claims, content_type, manifest_request, read_manifest};
use super::machine::{Input, Machine, Now, Step};
use super::reply::{content_digest, content_length, unexpected};
use crate::redact::RedactedUrl;
use crate::{Error, ErrorKind};

/// Finds the descriptor that a tag or digest stands for ([spec, "Checking if content exists in the registry"], end-3).
///
/// ```text
/// Start ── HEAD ─┬► Head 200, digest, length and type there ──────────────────────► Done(Some)
///                ├► Head 200 without one of them ─┐
///                ├► Failed 405 ───────────────────┴► GET ── Buffer ──► Body ──────► Done(Some)
///                └► Failed 404 ───────────────────────────────────────────────────► Done(None)
/// ```
///
/// The digest of a HEAD is the registry's word only. It is checked when the content is fetched by it.
///
/// [spec, "Checking if content exists in the registry"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#checking-if-content-exists-in-the-registry
#[derive(Debug)]
pub struct Resolve {
    name: RepositoryName,
    state: State,
    target: TagOrDigest,
}

impl Resolve {
    /// Finds what `target` stands for in the repository `name`.
    pub const fn new(name: RepositoryName, target: TagOrDigest) -> Self {
        Self {
            name,
            state: State::Fresh,
            target,
        }
    }

    fn send(&mut self, host: &HostMemory, method: Method, state: State) -> Step<Option<Descriptor>> {
        self.state = state;
        let request = manifest_request(method, host.profile().base(), &self.name, &self.target);
        request.map_or_else(Step::fail, Step::Send)
    }
}

impl Machine for Resolve {
    type Output = Option<Descriptor>;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<Self::Output> {
        let limit = host.profile().manifest_limit();
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => self.send(host, Method::HEAD, State::Asked),
            (State::Asked, Input::Head { parts, url, .. }) => {
                if parts.status != StatusCode::OK {
                    return Step::fail(unexpected(&parts, &url));
                }
                match describe(&self.target, &parts.headers) {
                    Ok(Some(descriptor)) => Step::Done(Ok(Some(descriptor))),
                    Ok(None) => self.send(host, Method::GET, State::Sent),
                    Err(error) => Step::fail(error.at(&url)),
                }
            }
            (State::Asked, Input::Failed { error, .. }) if error.kind() == ErrorKind::Unsupported => {
                self.send(host, Method::GET, State::Sent)
            }
            (State::Sent | State::Reading { .. }, Input::Head { parts, url, .. }) if parts.status == StatusCode::OK => {
                match Claims::read(&parts.headers, limit) {
                    Ok(claims) => {
                        let url = url.into();
                        self.state = State::Reading { claims, url };
                        Step::Buffer { limit }
                    }
                    Err(error) => Step::fail(error.at(&url)),
                }
            }
            (State::Sent | State::Reading { .. }, Input::Head { parts, url, .. }) => {
                Step::fail(unexpected(&parts, &url))
            }
            (State::Reading { claims, url }, Input::Body(body)) => {
                let document = read_manifest(&self.target, claims, &body, limit);
                Step::Done(
                    document
                        .map(|document| Some(document.descriptor()))
                        .map_err(|error| error.at(&url)),
                )
            }
            (State::Asked | State::Sent | State::Reading { .. }, Input::Failed { error, .. })
                if error.kind() == ErrorKind::NotFound =>
            {
                Step::Done(Ok(None))
            }
            (State::Asked | State::Sent | State::Reading { .. }, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

/// What the header fields of a HEAD tell; `None` if they do not tell all.
fn describe(target: &TagOrDigest, headers: &HeaderMap) -> Result<Option<Descriptor>, Error> {
    let claimed = content_digest(headers)?;
    let digest = match (target, claimed) {
        (TagOrDigest::Digest(asked), Some(found)) if asked.algorithm() == found.algorithm() && *asked != found => {
            return Err(Mismatch::Digest {
                expected: Box::new(asked.clone()),
                found: Box::new(found),
            }
            .into());
        }
        (TagOrDigest::Digest(asked), _) => Some(asked.clone()),
        (TagOrDigest::Tag(_), claimed) => claimed,
    };
    let media_type = content_type(headers).ok().flatten();
    // No manifest is empty: some servers say so to every HEAD.
    let size = content_length(headers).filter(|&size| size > 0);
    let complete = digest.zip(size).zip(media_type);
    Ok(complete.map(|((digest, size), media_type)| Descriptor::new(media_type, digest, size)))
}

#[derive(Debug)]
enum State {
    Asked,
    Ended,
    Fresh,
    Reading { claims: Claims, url: RedactedUrl },
    Sent,
}

#[cfg(test)]
mod tests;
