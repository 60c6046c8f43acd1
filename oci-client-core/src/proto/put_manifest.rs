use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{Method, Request};
use oci_spec_types::{Digest, MediaType, RepositoryName, TagOrDigest};
use url::Url;

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::{check_stored, unexpected};
use crate::{Error, ErrorKind};

/// Stores a manifest or index, byte for byte ([spec, "Pushing manifests"], end-7).
///
/// ```text
/// Start ── PUT ──► Head 201 ──► Done
///                   (200, 202, 204)
/// ```
///
/// [spec, "Pushing manifests"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
#[derive(Debug)]
pub struct PutManifest {
    bytes: Bytes,
    digest: Digest,
    media_type: MediaType,
    name: RepositoryName,
    state: State,
    target: TagOrDigest,
}

impl PutManifest {
    /// Stores `bytes`, whose digest is `digest`, under `target` in the repository `name`.
    pub const fn new(
        name: RepositoryName,
        target: TagOrDigest,
        media_type: MediaType,
        bytes: Bytes,
        digest: Digest,
    ) -> Self {
        Self {
            bytes,
            digest,
            media_type,
            name,
            state: State::Fresh,
            target,
        }
    }

    fn request(&self, host: &HostMemory) -> Result<Request<Payload>, Error> {
        let limit = host.profile().manifest_limit();
        if self.bytes.len() > limit {
            let length = self.bytes.len();
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("the manifest has {length} bytes, more than the limit of {limit}"),
            ));
        }
        let url = endpoint::manifest(host.profile().base(), &self.name, &self.target);
        let mut request = endpoint::request(Method::PUT, &url, Payload::Bytes(self.bytes.clone()))?;
        let media_type = HeaderValue::from_str(self.media_type.as_str())
            .map_err(|_| Error::misuse("the media type fits in no header"))?;
        request.headers_mut().insert(CONTENT_TYPE, media_type);
        Ok(request)
    }
}

impl Machine for PutManifest {
    type Output = StoredManifest;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<StoredManifest> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                self.state = State::Sent;
                self.request(host).map_or_else(Step::fail, Step::Send)
            }
            (State::Sent, Input::Head { parts, url, .. }) if parts.status.is_success() => {
                // By tag, the registry names the content by an algorithm of its own choice.
                if let Err(error) = check_stored(&parts.headers, &self.digest) {
                    return Step::fail(error.at(&url));
                }
                let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
                Step::Done(Ok(StoredManifest {
                    location: text(LOCATION).and_then(|location| url.join(location).ok()),
                    subject: text(OCI_SUBJECT).and_then(|subject| subject.trim().parse().ok()),
                }))
            }
            (State::Sent, Input::Head { parts, url, .. }) => Step::fail(unexpected(&parts, &url)),
            (State::Sent, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

/// What a registry says of a manifest that it stored.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StoredManifest {
    /// Where it can be pulled, if the registry says so.
    pub location: Option<Url>,
    /// `OCI-Subject`: the registry has seen the manifest's subject and lists the manifest among its referrers.
    pub subject: Option<Digest>,
}

const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    Sent,
}

#[cfg(test)]
mod tests;
