use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, Method, Request, response};
use oci_spec_types::Digest;
use url::Url;

use crate::Error;
use crate::proto::endpoint::{self, append_query};
use crate::proto::machine::Payload;
use crate::proto::session::Unrepeated;
use crate::redact::RedactedUrl;

/// An upload session that a registry has opened: where it is, and how small its chunks may be.
#[derive(Clone, Debug)]
pub struct UploadSession {
    location: RedactedUrl,
    least: u64,
}

impl UploadSession {
    /// The session that the reply to a POST at `url` names.
    pub(super) fn opened(parts: &response::Parts, url: &Url) -> Result<Self, Error> {
        let location = location(&parts.headers, url)?
            .ok_or_else(|| Error::protocol("the registry opened an upload session without saying where").at(url))?;
        let least = parts.headers.get(OCI_CHUNK_MIN_LENGTH);
        let least = least.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Ok(Self {
            location,
            least: least.unwrap_or_default(),
        })
    }

    /// The length below which no chunk but the last may be (`OCI-Chunk-Min-Length`); 0 where the registry says nothing.
    pub(super) const fn least(&self) -> u64 {
        self.least
    }

    pub(super) fn url(&self) -> &Url {
        &self.location
    }

    /// Moves to where the last reply, from `url`, points. One that points nowhere changes nothing.
    pub(super) fn follow(&mut self, parts: &response::Parts, url: &Url) -> Result<(), Error> {
        if let Some(location) = location(&parts.headers, url)? {
            self.location = location;
        }
        Ok(())
    }

    /// The URL that makes what the session has the blob `digest`.
    pub(super) fn finish(&self, digest: &Digest) -> Url {
        let mut url = self.url().clone();
        append_query(&mut url, "digest", &digest.to_string());
        url
    }

    /// Gives the session up, with a request that is sent at most once.
    pub(super) fn cancel(&self) -> Result<Request<Payload>, Error> {
        let mut request = endpoint::request(Method::DELETE, self.url(), Payload::Empty)?;
        request.extensions_mut().insert(Unrepeated);
        Ok(request)
    }
}

/// A request with a part of the content, or with none of it.
pub(super) fn carrying(method: Method, url: &Url, payload: Payload) -> Result<Request<Payload>, Error> {
    let mut request = endpoint::request(method, url, payload)?;
    let content_type = HeaderValue::from_static("application/octet-stream");
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(request)
}

fn location(headers: &HeaderMap, url: &Url) -> Result<Option<RedactedUrl>, Error> {
    let Some(value) = headers.get(LOCATION) else {
        return Ok(None);
    };
    let text = value.to_str();
    let text = text.map_err(|_| Error::protocol("the upload session's location cannot be read").at(url))?;
    endpoint::same_origin(url, text).map(RedactedUrl::from).map(Some)
}

const OCI_CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
