use std::sync::atomic::{AtomicU64, Ordering};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, StatusCode};
use oci_client_core::transport::Body;
use url::Url;

use crate::hooks::{Recent, set_target};

/// The other origin, and what the URLs at it that were given out stand for.
pub(super) struct Elsewhere {
    origin: String,
    count: AtomicU64,
    places: Recent<String, Place>,
}

#[derive(Clone)]
struct Place {
    authorization: Option<HeaderValue>,
    target: String,
}

impl Elsewhere {
    pub(super) fn new(origin: &str) -> Self {
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
            count: AtomicU64::new(0),
            places: Recent::new(),
        }
    }

    /// A URL at the other origin that stands for `target`, a path with its query, asked with this credential.
    pub(super) fn lead(&self, target: &str, authorization: Option<HeaderValue>) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let path = format!("{PREFIX}{number}");
        let target = target.to_owned();
        self.places.set(path.clone(), Place { authorization, target });
        format!("{}{path}", self.origin)
    }

    /// Makes a request to such a URL one for what it stands for, and says whether it was one.
    ///
    /// # Errors
    /// The status of the refusal, if no such URL is known, or if a credential came along: it is for the registry, and nobody else is to see it.
    pub(super) fn arrive(&self, request: &mut Request<Body>) -> Result<bool, StatusCode> {
        let path = request.uri().path();
        if !path.starts_with(PREFIX) {
            return Ok(false);
        }
        let place = self.places.get(&path.to_owned()).ok_or(StatusCode::FORBIDDEN)?;
        if request.headers().contains_key(AUTHORIZATION) {
            return Err(StatusCode::BAD_REQUEST);
        }
        let target = match request.uri().query() {
            Some(query) if place.target.contains('?') => format!("{}&{query}", place.target),
            Some(query) => format!("{}?{query}", place.target),
            None => place.target,
        };
        set_target(request, &target);
        if let Some(authorization) = place.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization);
        }
        Ok(true)
    }
}

/// The path and query of what `location` names, seen from `base`.
pub(super) fn target(base: &Url, location: &str) -> Option<String> {
    let url = base.join(location).ok()?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{query}", url.path()))
}

/// Where the other origin is unless one is set: a name that is none.
pub(super) const NOWHERE: &str = "https://elsewhere.invalid";
const PREFIX: &str = "/elsewhere/";
