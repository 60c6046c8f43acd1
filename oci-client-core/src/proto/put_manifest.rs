use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{Method, Request, response};
use oci_spec_types::{Digest, MediaType, RepositoryName, TagOrDigest};
use url::Url;

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::{check_stored, unexpected};
use crate::redact::shown_url;
use crate::{Error, ErrorKind};

/// Stores a manifest or index, byte for byte ([spec, "Pushing manifests"], end-7).
///
/// ```text
/// Start ── PUT ──► Head 201 ──► Done
///                   (200, 202, 204)
/// ```
///
/// Whether the registry has taken a manifest with a subject up into its list of referrers is in the output; where that is not sure,
/// [`ConfirmReferrer`](super::ConfirmReferrer) finds out, and where it has not, [`UpdateReferrers`](super::UpdateReferrers) does.
///
/// [spec, "Pushing manifests"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
#[derive(Debug)]
pub struct PutManifest {
    bytes: Bytes,
    digest: Digest,
    media_type: MediaType,
    name: RepositoryName,
    state: State,
    subject: Option<Digest>,
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
            subject: None,
            target,
        }
    }

    /// The manifest has this subject.
    #[must_use]
    pub fn with_subject(self, subject: Option<Digest>) -> Self {
        Self { subject, ..self }
    }

    pub(super) const fn digest(&self) -> &Digest {
        &self.digest
    }

    pub(super) const fn name(&self) -> &RepositoryName {
        &self.name
    }

    /// The same manifest under another name.
    pub(super) fn under(&self, target: TagOrDigest) -> Self {
        Self {
            bytes: self.bytes.clone(),
            digest: self.digest.clone(),
            media_type: self.media_type.clone(),
            name: self.name.clone(),
            state: State::Fresh,
            subject: self.subject.clone(),
            target,
        }
    }

    /// The request, to `url` in place of the manifest's own where there is one.
    pub(super) fn request(&self, host: &HostMemory, url: Option<&Url>) -> Result<Request<Payload>, Error> {
        let own = endpoint::manifest(host.profile().base(), &self.name, &self.target);
        put_request(host, url.unwrap_or(&own), &self.media_type, self.bytes.clone())
    }

    /// What the answer to it says.
    pub(super) fn stored(
        &self,
        host: &HostMemory,
        now: Now,
        parts: &response::Parts,
        url: &Url,
    ) -> Result<StoredManifest, Error> {
        if !parts.status.is_success() {
            return Err(unexpected(parts, url));
        }
        // By tag, the registry names the content by an algorithm of its own choice.
        check_stored(&parts.headers, &self.digest).map_err(|error| error.at(url))?;
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let claimed: Option<Digest> = text(OCI_SUBJECT).and_then(|subject| subject.trim().parse().ok());
        Ok(StoredManifest {
            location: text(LOCATION).and_then(|location| url.join(location).ok()),
            referrer: self.subject.as_ref().map(|_| {
                // Who is known to list no referrers may claim what it will.
                match (claimed == self.subject, host.capabilities.referrers.known(now)) {
                    (true, Some(true)) => RecordedReferrer::ByRegistry,
                    (true, None) => RecordedReferrer::Claimed,
                    _ => RecordedReferrer::NotYet,
                }
            }),
            subject: claimed,
        })
    }
}

impl Machine for PutManifest {
    type Output = StoredManifest;

    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<StoredManifest> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                self.state = State::Sent;
                self.request(host, None).map_or_else(Step::fail, Step::Send)
            }
            (State::Sent, Input::Head { parts, url, .. }) => Step::Done(self.stored(host, now, &parts, &url)),
            (State::Sent, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

/// What a registry says of a manifest that it stored.
/// Its `Debug` leaves the values of the location's query out, which may be a signature.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct StoredManifest {
    /// Where it can be pulled, if the registry says so.
    pub location: Option<Url>,
    /// How the manifest got into the list of its subject's referrers; `None`: it has no subject.
    pub referrer: Option<RecordedReferrer>,
    /// `OCI-Subject`: the subject, as the registry has seen it. Some registries send it and list no referrers.
    pub subject: Option<Digest>,
}

impl fmt::Debug for StoredManifest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredManifest")
            .field("location", &self.location.as_ref().map(shown_url))
            .field("referrer", &self.referrer)
            .field("subject", &self.subject)
            .finish()
    }
}

/// How a manifest with a subject got into the list of its subject's referrers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RecordedReferrer {
    /// By the registry, which named the subject in its answer and lists referrers.
    ByRegistry,
    /// By the registry's word: it named the subject in its answer, and whether it lists referrers is not known.
    /// [`ConfirmReferrer`](super::ConfirmReferrer) finds out.
    Claimed,
    /// By the client, in the index under the subject's fallback tag.
    InFallbackTag,
    /// It is not in the list: whoever drives the machine has to see to it, by [`UpdateReferrers`](super::UpdateReferrers).
    NotYet,
}

/// A request that stores `bytes`, if they are no more than the host's limit.
pub(super) fn put_request(
    host: &HostMemory,
    url: &Url,
    media_type: &MediaType,
    bytes: Bytes,
) -> Result<Request<Payload>, Error> {
    let (length, limit) = (bytes.len(), host.profile().manifest_limit());
    if length > limit {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("the manifest has {length} bytes, more than the limit of {limit}"),
        ));
    }
    let mut request = endpoint::request(Method::PUT, url, Payload::Bytes(bytes))?;
    let media_type =
        HeaderValue::from_str(media_type.as_str()).map_err(|_| Error::misuse("the media type fits in no header"))?;
    request.headers_mut().insert(CONTENT_TYPE, media_type);
    Ok(request)
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
