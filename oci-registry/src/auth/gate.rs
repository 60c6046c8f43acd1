use std::sync::Arc;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode, Uri};
use oci_client_core::transport::Body;
use oci_spec_types::distribution::ErrorCode;

use super::caller::Caller;
use super::header::Authorization;
use super::needed::{Needed, Source, leave_mount_out};
use super::scope::{Scope, list};
use super::tokens::{Grant, TokenSettings, Tokens};
use crate::error::ApiError;

/// Decides which requests go on to the registry.
pub(crate) struct Gate {
    deletes: &'static [&'static str],
    scheme: GateScheme,
    sources_required: bool,
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
            sources_required: false,
            tokens,
        }
    }

    /// Sets which actions a request that deletes needs.
    #[must_use]
    pub(crate) const fn with_deletes(mut self, actions: &'static [&'static str]) -> Self {
        self.deletes = actions;
        self
    }

    /// Refuses to mount from a repository that the caller may not pull, in place of beginning an upload.
    #[must_use]
    pub(crate) const fn with_sources_required(mut self) -> Self {
        self.sources_required = true;
        self
    }

    /// The refusal of a request that may not go on. From one that may, `Authorization` is taken off, and it says who its [`Caller`] is.
    pub(crate) async fn refusal(&self, request: &mut Request<Body>) -> Option<Response<Body>> {
        let mut needed = Needed::by(request, self.deletes);
        if self.sources_required {
            needed.scopes = needed.wanted();
        }
        let given = Authorization::of(request.headers());
        request.headers_mut().remove(AUTHORIZATION);
        let uri = request.uri().clone();
        let caller = match &self.scheme {
            GateScheme::Basic { realm } => self.basic(realm, given, &needed.scopes).await,
            GateScheme::Bearer(settings) => self.bearer(settings, given, &needed, &uri).await,
        };
        let caller = match (caller, needed.error) {
            (Err(refusal), _) | (Ok(_), Some(refusal)) => return Some(refusal.into_response()),
            (Ok(caller), None) => caller,
        };
        let mounts = match &needed.source {
            Source::Invalid => false,
            Source::None => true,
            Source::Other(source) => caller.may_all(source),
        };
        if !mounts {
            leave_mount_out(request);
        }
        request.extensions_mut().insert(caller);
        None
    }

    async fn basic(&self, realm: &str, given: Authorization, needed: &[Scope]) -> Result<Caller, ApiError> {
        let wrong = || wants_basic(realm, "user name or password are wrong");
        let account = match given {
            Authorization::Absent => None,
            Authorization::Basic { name, password } => {
                let account = self.tokens.verify(&name, password.expose()).await;
                Some(account.ok_or_else(wrong)?)
            }
            Authorization::Bearer(_) | Authorization::Unknown => return Err(wrong()),
        };
        let caller = self.tokens.users().caller(account.as_ref());
        let is_allowed = needed.iter().all(|scope| caller.may_all(scope));
        match caller.name() {
            // `/v2/` is how clients try a password.
            None if !is_allowed || needed.is_empty() => Err(wants_basic(realm, "authentication required")),
            Some(name) if !is_allowed => Err(ApiError::new(
                StatusCode::FORBIDDEN,
                ErrorCode::DENIED,
                format!("{name} may not do this: {}", list(needed)),
            )),
            None | Some(_) => Ok(caller),
        }
    }

    async fn bearer(
        &self,
        settings: &TokenSettings,
        given: Authorization,
        needed: &Needed,
        uri: &Uri,
    ) -> Result<Caller, ApiError> {
        let wants_token = |error| wants_token(settings, uri, &needed.wanted(), error);
        let Authorization::Bearer(token) = given else {
            return Err(wants_token(None));
        };
        let grant = self.tokens.granted(token.expose()).await;
        let grant = grant.ok_or_else(|| wants_token(Some("invalid_token")))?;
        let caller = self.tokens.users().caller(grant.account());
        if is_sufficient(&grant, &caller, needed) {
            Ok(caller)
        } else {
            Err(wants_token(Some("insufficient_scope")))
        }
    }
}

/// Whether a token is enough: for what has to be allowed, and for what its holder could have had a token for.
///
/// The token says what it was asked for, and the rules what its holder may do now.
fn is_sufficient(grant: &Grant, caller: &Caller, needed: &Needed) -> bool {
    let allows = |scope: &Scope| grant.covers(scope) && caller.may_all(scope);
    let could_mount = match &needed.source {
        Source::Invalid | Source::None => false,
        Source::Other(source) => caller.may_all(source) && !grant.covers(source),
    };
    needed.scopes.iter().all(allows) && !could_mount
}

/// A refusal for want of a right name and password.
pub(super) fn wants_basic(realm: &str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, ErrorCode::UNAUTHORIZED, message)
        .with_header(WWW_AUTHENTICATE, format!("Basic realm=\"{realm}\""))
}

/// A refusal for want of a token, by RFC 6750, section 3.
fn wants_token(settings: &TokenSettings, uri: &Uri, wanted: &[Scope], error: Option<&str>) -> ApiError {
    let (realm, service) = (settings.realm_seen_at(uri), settings.service());
    let mut challenge = format!("Bearer realm=\"{realm}\",service=\"{service}\"");
    if !wanted.is_empty() {
        challenge.push_str(&format!(",scope=\"{}\"", list(wanted)));
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

#[cfg(test)]
mod tests;
