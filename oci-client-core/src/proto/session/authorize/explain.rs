//! What errors say of who was asking for what.

use http::StatusCode;

use super::Authorizer;
use super::exchange::Fetch;
use crate::proto::HostProfile;
use crate::proto::auth::{Credential, Scheme, Scopes};
use crate::proto::reply::registry_errors;
use crate::{Error, ErrorKind};

impl Authorizer {
    /// Says in the final error who was asking for what.
    pub(in crate::proto::session) fn explain(&self, error: Error, profile: &HostProfile) -> Error {
        if !matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Denied) {
            return error;
        }
        if let Some(schemes) = self.unmet.as_ref().filter(|_| error.kind() == ErrorKind::Unauthorized) {
            return error.explained(unmet(profile, schemes));
        }
        let Some(credential) = self.credential() else {
            return error.explained(self.wanting(profile));
        };
        let (shown, host, scopes) = (credential.shown(), profile.host(), self.shown_scopes());
        // The token endpoint has accepted the credential: it is known, and does not suffice.
        let known = self.exchanges() && self.fresh && !self.wrong_token;
        let kind = if known { ErrorKind::Denied } else { error.kind() };
        let what = if kind == ErrorKind::Unauthorized && !self.exchanges() {
            format!("{host} refuses {shown}{scopes}; check it, or log in again")
        } else {
            format!("{shown} does not suffice on {host}{scopes}")
        };
        error.with_kind(kind).explained(what)
    }

    pub(super) fn wanting(&self, profile: &HostProfile) -> String {
        format!(
            "{} wants credentials{}; give a user name and password",
            profile.host(),
            self.shown_scopes()
        )
    }

    /// What a refusal of the token endpoint comes to.
    pub(super) fn refused(&self, fetch: &Fetch, status: StatusCode, body: &[u8]) -> Error {
        if status.is_redirection() {
            let message = format!("the token endpoint answers {status}: a token is never fetched through a redirect");
            return Error::new(ErrorKind::UnsafeUrl, message).at(&fetch.url);
        }
        let error = Error::refusal(status, &fetch.url, registry_errors(body));
        match (status.as_u16(), self.credential()) {
            (400 | 401 | 403, Some(credential)) => error.with_kind(ErrorKind::Unauthorized).explained(format!(
                "the token endpoint refuses {}; check it, or log in again",
                credential.shown()
            )),
            (400 | 401 | 403, None) => error
                .with_kind(ErrorKind::Unauthorized)
                .explained("the token endpoint gives no anonymous token; give a user name and password"),
            (404 | 405, Some(Credential::IdentityToken(_))) => error
                .with_kind(ErrorKind::Unauthorized)
                .explained("the token endpoint takes no identity tokens; give a user name and password"),
            // Of the kinds of a refusal none but a passing one says anything of what the registry was asked for.
            _ if !error.is_retryable() => error
                .with_kind(ErrorKind::Protocol)
                .explained("the token endpoint failed"),
            _ => error.explained("the token endpoint failed"),
        }
    }

    /// Whether what the registry gets is a token from the token endpoint.
    pub(super) fn exchanges(&self) -> bool {
        let bearer = matches!(self.tried, Some(Scheme::Bearer { .. }));
        bearer && !matches!(self.credential(), Some(Credential::RegistryToken(_)))
    }

    fn shown_scopes(&self) -> String {
        let scopes = self.wanted.scopes();
        if *scopes == Scopes::none() {
            String::new()
        } else {
            format!(" for `{scopes}`")
        }
    }
}

fn unmet(profile: &HostProfile, schemes: &str) -> String {
    let host = profile.host();
    if schemes.is_empty() {
        return format!("{host} wants credentials and sends no challenge that says in which form");
    }
    let shown: String = schemes.chars().take(100).collect();
    format!("{host} asks for the scheme `{shown}`; Basic, and Bearer with a realm, are what can be answered here")
}
