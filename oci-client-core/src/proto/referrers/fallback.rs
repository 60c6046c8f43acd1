use http::header::{ETAG, HeaderValue};
use http::{Method, StatusCode};
use oci_spec_types::{AnyManifest, Digest, ImageIndex, MediaType, RepositoryName, Tag, TagOrDigest};

use crate::proto::HostMemory;
use crate::proto::get_manifest::{Claims, manifest_request, read_manifest};
use crate::proto::machine::{Input, Step};
use crate::proto::reply::unexpected;
use crate::redact::RedactedUrl;
use crate::{Error, ErrorKind};

/// Gets what is under a subject's fallback tag, as the inner part of the machines that go by it.
///
/// ```text
/// Start ── GET ──┬─► Head 200 ── Buffer ──► Body ──► Done
///                └─► Failed 404 ───────────────────► Done(Absent)
/// ```
///
/// Any other failure is one: to take a refusal for an empty list would hide what refers to the subject.
#[derive(Debug)]
pub(super) struct GetFallback {
    name: RepositoryName,
    state: State,
    subject: Digest,
}

impl GetFallback {
    pub(super) const fn new(name: RepositoryName, subject: Digest) -> Self {
        Self {
            name,
            state: State::Fresh,
            subject,
        }
    }

    pub(super) fn tag(&self) -> Tag {
        self.subject.fallback_tag()
    }

    pub(super) fn resume(&mut self, host: &HostMemory, input: Input) -> Step<Fallback> {
        let limit = host.profile().manifest_limit();
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Fresh, Input::Start) => {
                self.state = State::Sent;
                let target = TagOrDigest::Tag(self.tag());
                let request = manifest_request(Method::GET, host.profile().base(), &self.name, &target);
                request.map_or_else(Step::fail, Step::Send)
            }
            (State::Sent | State::Reading { .. }, Input::Head { parts, url, .. }) if parts.status == StatusCode::OK => {
                match Claims::read(&parts.headers, limit) {
                    Ok(claims) => {
                        let url = Box::new(url.into());
                        let etag = parts.headers.get(ETAG).cloned();
                        let claims = Box::new(claims);
                        self.state = State::Reading { claims, etag, url };
                        Step::Buffer { limit }
                    }
                    Err(error) => Step::fail(error.at(&url)),
                }
            }
            (State::Sent | State::Reading { .. }, Input::Head { parts, url, .. }) => {
                Step::fail(unexpected(&parts, &url))
            }
            (State::Reading { claims, etag, url }, Input::Body(body)) => {
                let index = self.read(*claims, &body, limit).map_err(|error| error.at(&url));
                Step::Done(index.map(|content| Fallback::Present { content, etag }))
            }
            (State::Sent | State::Reading { .. }, Input::Failed { error, .. })
                if error.kind() == ErrorKind::NotFound =>
            {
                Step::Done(Ok(Fallback::Absent))
            }
            (State::Sent | State::Reading { .. }, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }

    fn read(&self, claims: Claims, body: &bytes::Bytes, limit: usize) -> Result<Content, Error> {
        // Some registries take the tag for the digest that it is made of, and answer with the subject itself.
        if self.subject.verify(body).is_ok() {
            return Ok(Content::Subject);
        }
        match read_manifest(&TagOrDigest::Tag(self.tag()), claims, body, limit) {
            Ok(document) if *document.media_type() == MediaType::IMAGE_INDEX => match document.into_value() {
                AnyManifest::Index(index) => Ok(Content::Index(Box::new(index))),
                AnyManifest::Image(_) => Ok(Content::Other("it is an image manifest".to_owned())),
            },
            Ok(document) => Ok(Content::Other(format!("it is a {}", document.media_type()))),
            Err(error) if error.kind() == ErrorKind::Mismatch => Err(error),
            Err(error) => Ok(Content::Other(error.to_string())),
        }
    }
}

/// What is under a fallback tag.
#[derive(Debug)]
pub(super) enum Fallback {
    /// Nothing.
    Absent,
    Present {
        content: Content,
        /// What a conditional request names it by.
        etag: Option<HeaderValue>,
    },
}

#[derive(Debug)]
pub(super) enum Content {
    /// A list of referrers.
    Index(Box<ImageIndex>),
    /// No image index, for this reason.
    Other(String),
    /// The subject, which is no list of what refers to it.
    Subject,
}

#[derive(Debug)]
enum State {
    Ended,
    Fresh,
    Reading {
        claims: Box<Claims>,
        etag: Option<HeaderValue>,
        url: Box<RedactedUrl>,
    },
    Sent,
}
