use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_RANGE, HeaderMap, HeaderName, HeaderValue, IF_RANGE, RANGE,
    USER_AGENT,
};
use http::{Method, Request, Uri};
use url::{Origin, Url};

use super::configured;
use super::retry::{Advanced, Unrepeated};
use crate::proto::HostProfile;
use crate::proto::machine::{Payload, Sent};
use crate::proto::outbound;
use crate::{Error, ErrorKind};

/// The machine's request, and how far it has come.
pub(super) struct Exchange {
    pub(super) authorization: Option<HeaderValue>,
    pub(super) hops: usize,
    pub(super) request: Request<Payload>,
    /// Whether a redirect has led to another origin: what comes after that is not the registry's own wish.
    pub(super) strayed: bool,
    pub(super) target: Url,
    pub(super) url: Url,
}

impl Exchange {
    pub(super) fn new(request: Request<Payload>) -> Result<Self, Error> {
        let url = Url::parse(&request.uri().to_string())
            .map_err(|error| Error::new(ErrorKind::UnsafeUrl, format!("the URL cannot be requested: {error}")))?;
        Ok(Self {
            authorization: None,
            hops: 0,
            request,
            strayed: false,
            target: url.clone(),
            url,
        })
    }

    /// Back to the machine's own URL: what it was redirected to may have expired.
    pub(super) fn rewind(&mut self) {
        self.hops = 0;
        self.strayed = false;
        self.url = self.target.clone();
    }

    /// Whether the registry itself has the request, and not whoever it has led to.
    pub(super) fn is_at(&self, base: &Url) -> bool {
        self.url.origin() == base.origin() && !self.strayed
    }

    /// Where the request has been redirected, if that is another origin than the registry's.
    pub(super) fn elsewhere(&self, base: &Url) -> Option<Origin> {
        Some(self.url.origin()).filter(|origin| *origin != base.origin())
    }

    pub(super) fn method(&self) -> Method {
        self.request.method().clone()
    }

    pub(super) fn repeats(&self) -> bool {
        self.request.extensions().get::<Unrepeated>().is_none()
    }

    pub(super) fn streams(&self) -> bool {
        matches!(self.request.body(), Payload::Source(_))
    }

    pub(super) fn advances(&self) -> bool {
        self.request.extensions().get::<Advanced>().is_some()
    }

    /// Whether it may simply be sent again after so much of it went up: nothing did, or it is a part that says where it belongs.
    pub(super) fn restartable(&self, sent: &Sent) -> bool {
        !self.streams() || sent.len == 0 || self.request.headers().contains_key(CONTENT_RANGE)
    }

    pub(super) fn request_for(
        &mut self,
        profile: &HostProfile,
        authorization: Option<HeaderValue>,
    ) -> Result<Request<Payload>, Error> {
        let mut request = self.request.clone();
        *request.uri_mut() = Uri::try_from(&self.url[..url::Position::AfterQuery]).map_err(|error| {
            Error::new(ErrorKind::UnsafeUrl, format!("the URL cannot be requested: {error}")).at(&self.url)
        })?;
        request
            .headers_mut()
            .insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if self.strayed {
            *request.headers_mut() = travelling(request.headers());
        }
        outbound::mark(profile, &self.url, &mut request);
        if let Some(value) = authorization.as_ref().filter(|_| self.is_at(profile.base())) {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
        }
        self.authorization = authorization;
        if self.is_at(profile.base()) {
            return configured::add(request, profile);
        }
        Ok(request)
    }
}

/// What another origin needs to know: a caller's own fields may be secrets between it and the registry.
fn travelling(headers: &HeaderMap) -> HeaderMap {
    let known = headers.iter().filter(|(name, _)| TRAVELLING.contains(name));
    known.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The fields that follow a redirect to another origin.
const TRAVELLING: [HeaderName; 5] = [ACCEPT, ACCEPT_ENCODING, IF_RANGE, RANGE, USER_AGENT];
