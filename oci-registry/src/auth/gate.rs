use std::sync::Arc;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use oci_client_core::transport::Body;
use oci_spec_types::distribution::ErrorCode;

use super::header::Authorization;
use super::scope::{Scope, list};
use super::tokens::{TokenSettings, Tokens};
use crate::error::ApiError;

/// Decides which requests go on to the registry.
pub(crate) struct Gate {
    deletes: &'static [&'static str],
    scheme: GateScheme,
    tokens: Arc<Tokens>,
}

/// How a request says who sends it.
#[derive(Clone, Debug)]
pub(crate) enum GateScheme {
    Basic { realm: String },
    Bearer(TokenSettings),
}

impl Gate {
    pub(crate) const fn new(scheme: GateScheme, tokens: Arc<Tokens>) -> Self {
        Self {
            deletes: &["delete"],
            scheme,
            tokens,
        }
    }

    /// Sets which actions a request that deletes needs.
    #[must_use]
    pub(crate) const fn with_deletes(mut self, actions: &'static [&'static str]) -> Self {
        self.deletes = actions;
        self
    }

    /// The refusal of a request that may not go on. From one that may, `Authorization` is taken off.
    pub(crate) fn refusal(&self, request: &mut Request<Body>) -> Option<Response<Body>> {
        let needed = Scope::needed(request, self.deletes);
        let given = Authorization::of(request.headers());
        let refusal = match &self.scheme {
            GateScheme::Basic { realm } => self.basic(realm, &given, &needed),
            GateScheme::Bearer(settings) => self.bearer(settings, &given, &needed),
        };
        request.headers_mut().remove(AUTHORIZATION);
        refusal.map(ApiError::into_response)
    }

    fn basic(&self, realm: &str, given: &Authorization, needed: &[Scope]) -> Option<ApiError> {
        let name = match given {
            Authorization::Absent => None,
            Authorization::Basic { name, password } if self.tokens.verify(name, password.expose()) => {
                Some(name.as_str())
            }
            Authorization::Basic { .. } | Authorization::Bearer(_) | Authorization::Unknown => {
                return Some(wants_basic(realm, "user name or password are wrong"));
            }
        };
        let access = self.tokens.users().access(name);
        let allowed = access.is_some_and(|access| needed.iter().all(|scope| access.allows(scope)));
        match name {
            // `/v2/` is how clients try a password.
            None if !allowed || needed.is_empty() => Some(wants_basic(realm, "authentication required")),
            Some(name) if !allowed => Some(ApiError::new(
                StatusCode::FORBIDDEN,
                ErrorCode::DENIED,
                format!("{name} may not do this: {}", list(needed)),
            )),
            None | Some(_) => None,
        }
    }

    fn bearer(&self, settings: &TokenSettings, given: &Authorization, needed: &[Scope]) -> Option<ApiError> {
        let grant = match given {
            Authorization::Bearer(token) => self.tokens.granted(token.expose()),
            Authorization::Absent | Authorization::Basic { .. } | Authorization::Unknown => {
                return Some(wants_token(settings, needed, None));
            }
        };
        match grant {
            None => Some(wants_token(settings, needed, Some("invalid_token"))),
            Some(grant) if needed.iter().all(|scope| grant.covers(scope)) => None,
            Some(_) => Some(wants_token(settings, needed, Some("insufficient_scope"))),
        }
    }
}

/// A refusal for want of a right name and password.
pub(super) fn wants_basic(realm: &str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, ErrorCode::UNAUTHORIZED, message)
        .with_header(WWW_AUTHENTICATE, format!("Basic realm=\"{realm}\""))
}

/// A refusal for want of a token, by RFC 6750, section 3.
fn wants_token(settings: &TokenSettings, needed: &[Scope], error: Option<&str>) -> ApiError {
    let (realm, service) = (settings.realm(), settings.service());
    let mut challenge = format!("Bearer realm=\"{realm}\",service=\"{service}\"");
    if !needed.is_empty() {
        challenge.push_str(&format!(",scope=\"{}\"", list(needed)));
    }
    if let Some(error) = error {
        challenge.push_str(&format!(",error=\"{error}\""));
    }
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        ErrorCode::UNAUTHORIZED,
        "authentication required",
    )
    .with_header(WWW_AUTHENTICATE, challenge)
}
