use std::fmt;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderName, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{Request, Uri, response};
use oci_spec_types::RepositoryName;
use url::Url;

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Payload, Step};
use super::session::Unrepeated;
use crate::redact::shown_url;
use crate::{Error, ErrorKind};

/// Performs a request of the caller's own, for extensions and vendors' APIs, and hands the response over at its head.
///
/// ```text
/// Start ── the request ──► Head below 400 ──► Done(head)
/// ```
///
/// The body is whoever drives it to read. Within a [`Session`](super::Session) the request has the registry's authorization, and only a method that may be repeated is.
pub struct RawRequest {
    below: Option<RepositoryName>,
    request: Option<Request<Bytes>>,
    sent: bool,
}

impl RawRequest {
    /// `request` to the registry. Its URI is a path, below the registry's base URL, or absolute and at the registry's origin.
    pub const fn to_registry(request: Request<Bytes>) -> Self {
        Self {
            below: None,
            request: Some(request),
            sent: false,
        }
    }

    /// `request` to the repository `name`. Its URI is a path, below `v2/NAME`, or absolute and at the registry's origin.
    pub const fn to_repository(request: Request<Bytes>, name: RepositoryName) -> Self {
        Self {
            below: Some(name),
            request: Some(request),
            sent: false,
        }
    }

    fn prepare(&self, host: &HostMemory, request: Request<Bytes>) -> Result<Request<Payload>, Error> {
        let (parts, body) = request.into_parts();
        if let Some(name) = RESERVED.iter().find(|name| parts.headers.contains_key(*name)) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("leave the header field {name} out of the request: it is the client's to set"),
            ));
        }
        let url = self.target(host.profile().base(), &parts.uri)?;
        let payload = if body.is_empty() {
            Payload::Empty
        } else {
            Payload::Bytes(body)
        };
        let mut request = endpoint::request(parts.method.clone(), &url, payload)?;
        let length = request.headers_mut().remove(CONTENT_LENGTH);
        request.headers_mut().extend(parts.headers);
        if let Some(length) = length {
            request.headers_mut().insert(CONTENT_LENGTH, length);
        }
        if !parts.method.is_idempotent() {
            request.extensions_mut().insert(Unrepeated);
        }
        Ok(request)
    }

    fn target(&self, base: &Url, uri: &Uri) -> Result<Url, Error> {
        let below = match &self.below {
            Some(name) => endpoint::repository(base, name),
            None => base.clone(),
        };
        if uri.authority().is_some() {
            return absolute(base, uri);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = path.strip_prefix('/').unwrap_or(path);
        let url = Url::parse(&format!("{below}{path}"))
            .map_err(|error| invalid(&format!("the request's URI is no path: {error}")))?;
        if url.origin() != base.origin() || !url.path().starts_with(below.path()) {
            return Err(invalid("the request's path leads out of where it starts"));
        }
        Ok(url)
    }
}

impl Machine for RawRequest {
    type Output = response::Parts;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<response::Parts> {
        match (self.request.take(), std::mem::take(&mut self.sent), input) {
            (Some(request), false, Input::Start) => {
                self.sent = true;
                self.prepare(host, request).map_or_else(Step::fail, Step::Send)
            }
            (None, true, Input::Head { parts, .. }) => Step::Done(Ok(parts)),
            (None, true, Input::Failed { error, .. }) => Step::fail(error),
            _ => Step::misuse(),
        }
    }
}

/// Without the request: what it carries may be a secret.
impl fmt::Debug for RawRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawRequest")
            .field("below", &self.below)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

fn absolute(base: &Url, uri: &Uri) -> Result<Url, Error> {
    let url =
        Url::parse(&uri.to_string()).map_err(|error| invalid(&format!("the request's URI is no URL: {error}")))?;
    if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
        let (asked, registry) = (shown_url(&url), base.origin().ascii_serialization());
        return Err(Error::new(
            ErrorKind::UnsafeUrl,
            format!(
                "`{asked}` is not at {registry}, where this registry's credentials belong; use a path, or another client"
            ),
        ));
    }
    Ok(url)
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

/// The fields that authorization and framing are made of.
const RESERVED: [HeaderName; 9] = [
    AUTHORIZATION,
    CONNECTION,
    COOKIE,
    HOST,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

#[cfg(test)]
mod tests;
