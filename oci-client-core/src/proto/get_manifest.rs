use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, StatusCode};
use oci_spec_types::{
    AnyManifest, Digest, Document, Limits, MediaType, ParseError, ParseErrorKind, RepositoryName, TagOrDigest,
};
use url::Url;

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::reply::{check_uncoded, content_digest, content_length, unexpected};
use crate::redact::RedactedUrl;
use crate::{Error, ErrorKind};

/// Gets a manifest or index, whole and verified ([spec, "Pulling manifests"], end-3).
///
/// ```text
/// Start ── GET ──► Head 200 ── Buffer ──► Body ── digest, type, structure ──► Done
/// ```
///
/// By digest, the content must have that digest. By tag, its digest is computed, and a `Docker-Content-Digest` that says otherwise is an error. The header
/// is never believed in place of hashing.
///
/// [spec, "Pulling manifests"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
#[derive(Debug)]
pub struct GetManifest {
    name: RepositoryName,
    state: State,
    target: TagOrDigest,
}

impl GetManifest {
    /// Gets what `target` names in the repository `name`.
    pub const fn new(name: RepositoryName, target: TagOrDigest) -> Self {
        Self {
            name,
            state: State::Fresh,
            target,
        }
    }
}

impl Machine for GetManifest {
    type Output = Document<AnyManifest>;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<Self::Output> {
        let limit = host.profile().manifest_limit();
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                self.state = State::Sent;
                let request = manifest_request(Method::GET, host.profile().base(), &self.name, &self.target);
                request.map_or_else(Step::fail, Step::Send)
            }
            (State::Sent | State::Reading { .. }, Input::Head { parts, url, .. }) => {
                if parts.status != StatusCode::OK {
                    return Step::fail(unexpected(&parts, &url));
                }
                match Claims::read(&parts.headers, limit) {
                    Ok(claims) => {
                        let url = url.into();
                        self.state = State::Reading { claims, url };
                        Step::Buffer { limit }
                    }
                    Err(error) => Step::fail(error.at(&url)),
                }
            }
            (State::Reading { claims, url }, Input::Body(body)) => {
                let received = claims.media_type.clone();
                let document = read_manifest(&self.target, claims, &body, limit).map_err(|error| error.at(&url));
                if let (Ok(document), Some(received)) = (&document, received) {
                    warn_of_conflict(host, &self.name, document, &received);
                }
                Step::Done(document)
            }
            (State::Sent | State::Reading { .. }, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

/// The digest was right, so that a registry which calls the manifest something else is wrong, but not dangerous.
fn warn_of_conflict(
    host: &mut HostMemory,
    name: &RepositoryName,
    document: &Document<AnyManifest>,
    received: &MediaType,
) {
    if let Some(conflict) = document.media_type_conflict(received) {
        let text = format!("{}/{name}@{}: {conflict}", host.profile().host(), document.digest());
        host.notices.warn(text);
    }
}

/// A request for a manifest that accepts every type which can be read here.
pub(crate) fn manifest_request(
    method: Method,
    base: &Url,
    name: &RepositoryName,
    target: &TagOrDigest,
) -> Result<Request<Payload>, Error> {
    let mut request = endpoint::request(method, &endpoint::manifest(base, name, target), Payload::Empty)?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
    Ok(request)
}

/// What the head of a response says of the manifest in its body.
#[derive(Debug)]
pub(crate) struct Claims {
    digest: Option<Digest>,
    media_type: Option<MediaType>,
}

impl Claims {
    /// Reads them, and refuses what can be refused before the body is read.
    pub(crate) fn read(headers: &HeaderMap, limit: usize) -> Result<Self, Error> {
        check_uncoded(headers)?;
        match content_length(headers) {
            Some(length) if length > limit as u64 => Err(Error::new(
                ErrorKind::TooLarge,
                format!("the manifest has {length} bytes, more than the limit of {limit}"),
            )),
            _ => Ok(Self {
                digest: content_digest(headers)?,
                media_type: content_type(headers)?,
            }),
        }
    }
}

/// Verifies and parses a manifest's body.
pub(crate) fn read_manifest(
    target: &TagOrDigest,
    claims: Claims,
    body: &Bytes,
    limit: usize,
) -> Result<Document<AnyManifest>, Error> {
    if let TagOrDigest::Digest(digest) = target {
        digest.verify(body)?;
    }
    if let Some(claimed) = claims.digest.filter(Digest::is_verifiable) {
        claimed.verify(body)?;
    }
    let limits = Limits::new().with_document_bytes(limit);
    let unusable = |error: ParseError| Error::protocol("the manifest cannot be used").with_source(error);
    let document = match (target, claims.media_type) {
        (TagOrDigest::Tag(_), Some(media_type)) => Document::parse_with(&**body, media_type, &limits),
        (TagOrDigest::Tag(_), None) => Document::parse_declared(&**body, &limits),
        (TagOrDigest::Digest(_), media_type) => parse_named(body, media_type, &limits),
    };
    let document = document.map_err(unusable)?;
    match target {
        TagOrDigest::Digest(digest) => Ok(document.with_algorithm(&digest.algorithm())?),
        TagOrDigest::Tag(_) => Ok(document),
    }
}

/// A manifest whose digest is right is what its publisher says that it is; a header that disagrees is the registry's slip.
fn parse_named(body: &[u8], received: Option<MediaType>, limits: &Limits) -> Result<Document<AnyManifest>, ParseError> {
    match (Document::parse_declared(body, limits), received) {
        (Err(error), Some(media_type)) if error.kind() == ParseErrorKind::MissingField => {
            Document::parse_with(body, media_type, limits)
        }
        (document, _) => document,
    }
}

/// The response's media type, without parameters; `None` where it says nothing of the content.
pub(crate) fn content_type(headers: &HeaderMap) -> Result<Option<MediaType>, Error> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(None);
    };
    let media_type = value
        .to_str()
        .ok()
        .and_then(|text| MediaType::parse_content_type(text).ok());
    match media_type {
        Some(media_type) if GENERIC.contains(&media_type.as_str()) => Ok(None),
        Some(media_type) => Ok(Some(media_type)),
        None => Err(Error::protocol("the Content-Type of the manifest is no media type")),
    }
}

/// Types by which servers say that they do not know the type.
const GENERIC: [&str; 2] = ["application/json", "application/octet-stream"];

/// One header line: some registries read no other.
const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    Reading { claims: Claims, url: RedactedUrl },
    Sent,
}

#[cfg(test)]
mod tests;
