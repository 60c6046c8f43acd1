use http::header::{HeaderMap, HeaderValue};
use http::{Request, StatusCode};
use oci_spec_types::distribution::TokenResponse;
use url::Url;

use crate::proto::HostMemory;
use crate::proto::auth::{
    Challenge, Credential, CredentialQuery, Identity, Scheme, Scopes, judge_realm, sensitive, token_request,
};
use crate::proto::headers::retry_after;
use crate::proto::host::{HostProfile, Lease, Seek, Ticket, TokenKey};
use crate::proto::machine::{Input, Now, Payload};
use crate::proto::reply::registry_errors;
use crate::secret::Secret;
use crate::{Error, ErrorKind};

/// What the authorizer wants next.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it becomes a step at once"
)]
pub(super) enum Authorization {
    /// To be asked anew: what it waited for has happened.
    Again,
    Ask(CredentialQuery),
    Buffer {
        limit: usize,
    },
    Failed(Error),
    /// The value for the `Authorization` field; `None`: send the request without.
    Ready(Option<HeaderValue>),
    Send(Request<Payload>),
    Wait(Ticket),
}

/// Finds the `Authorization` for one operation's requests: from what is remembered, from the credential source, from the token endpoint.
#[derive(Debug)]
pub(super) struct Authorizer {
    /// What the registry's challenge named, in place of what the operation would ask for by itself.
    asked: Option<Scopes>,
    /// Whether the registry has asked for authorization in this very operation.
    challenged: bool,
    credential: Option<Option<Credential>>,
    /// Whether the token in use was fetched by this operation.
    fresh: bool,
    query: CredentialQuery,
    /// How often the registry has refused the same request since it asked for authorization.
    refusals: usize,
    scopes: Scopes,
    stage: Stage,
    /// The scheme that the last request was prepared for; the memory's may be another by now.
    tried: Option<Scheme>,
    /// The schemes of a challenge that cannot be met.
    unmet: Option<String>,
}

impl Authorizer {
    pub(super) const fn new(query: CredentialQuery, scopes: Scopes) -> Self {
        Self {
            asked: None,
            challenged: false,
            credential: None,
            fresh: false,
            query,
            refusals: 0,
            scopes,
            stage: Stage::Idle,
            tried: None,
            unmet: None,
        }
    }

    /// What goes with a request now. Nothing is asked of anybody before the registry has shown a challenge.
    pub(super) fn prepare(&mut self, host: &mut HostMemory, now: Now) -> Authorization {
        self.release(host);
        self.tried.clone_from(&host.scheme);
        let Some(scheme) = host.scheme.clone() else {
            return Authorization::Ready(None);
        };
        let Some(credential) = &self.credential else {
            self.stage = Stage::Asking;
            return Authorization::Ask(self.query.clone());
        };
        match scheme {
            Scheme::Basic if credential.is_none() && self.challenged => {
                Authorization::Failed(Error::new(ErrorKind::Unauthorized, self.wanting(host.profile())))
            }
            Scheme::Basic => match credential.as_ref().map(Credential::basic).transpose() {
                Ok(value) => Authorization::Ready(value),
                Err(error) => Authorization::Failed(error),
            },
            Scheme::Bearer { realm, service } => {
                let identity = Identity::of(credential.as_ref());
                self.token(
                    host,
                    now,
                    TokenKey {
                        realm,
                        service,
                        identity,
                        scopes: self.wanted().clone(),
                    },
                )
            }
        }
    }

    pub(super) fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Authorization {
        match (std::mem::take(&mut self.stage), input) {
            (Stage::Asking, Input::Credential(credential)) => {
                self.credential = Some(credential);
                self.prepare(host, now)
            }
            (Stage::Asking, Input::Failed { error, .. }) => Authorization::Failed(error),
            (Stage::Waiting(ticket), Input::Granted(granted)) if ticket == granted => Authorization::Again,
            (Stage::Sent(fetch), Input::Head { parts, .. }) => {
                let retry_after = retry_after(&parts.headers, now.unix);
                self.stage = Stage::Reading {
                    fetch,
                    status: parts.status,
                    retry_after,
                };
                Authorization::Buffer { limit: TOKEN_LIMIT }
            }
            (
                Stage::Reading {
                    fetch,
                    status,
                    retry_after,
                },
                Input::Body(body),
            ) => {
                let value = if status == StatusCode::OK {
                    read_token(&fetch, &body)
                } else {
                    Err(self.refused(&fetch, status, &body))
                };
                self.fetched(
                    host,
                    now,
                    fetch,
                    value.map_err(|error| error.with_retry_after(retry_after)),
                )
            }
            (Stage::Sent(fetch) | Stage::Reading { fetch, .. }, Input::Failed { error, .. }) => {
                let error = error.at(&fetch.url);
                self.fetched(host, now, fetch, Err(error))
            }
            (stage, _) => {
                self.stage = stage;
                Authorization::Failed(Error::misuse(
                    "a session was resumed with an input that its last step did not ask for",
                ))
            }
        }
    }

    /// Learns from a 401 of the registry. Says whether the request is worth sending again.
    pub(super) fn challenged(
        &mut self,
        host: &mut HostMemory,
        headers: &HeaderMap,
        url: &Url,
        used: Option<&HeaderValue>,
    ) -> bool {
        if let Some(used) = used {
            host.tokens.forget(used);
        }
        if used.is_some() || self.challenged {
            self.refusals = self.refusals.saturating_add(1);
        }
        let challenges = Challenge::parse_all(headers);
        let Some((scheme, scope)) = Scheme::choose(&challenges, url) else {
            let schemes: Vec<_> = challenges.iter().map(Challenge::scheme).collect();
            self.unmet = Some(schemes.join(", "));
            return false;
        };
        let untried = self.tried.as_ref() != Some(&scheme);
        self.challenged = true;
        let wider = scope.is_some_and(|list| self.ask_for(&list));
        let bearer = matches!(scheme, Scheme::Bearer { .. });
        host.scheme = Some(scheme);
        // A kept token may have expired, and any may have covered too little; neither a password nor a fresh token for the same gets better.
        let worthwhile = untried || (bearer && (wider || !self.fresh));
        worthwhile && self.refusals <= MAX_REFUSALS
    }

    /// Takes up what a challenge names; says whether that changes anything. The registry's own words come first: some token servers give
    /// nothing at all to those who ask for more. Only if those did not suffice is everything asked for.
    fn ask_for(&mut self, list: &str) -> bool {
        let before = self.wanted().clone();
        let mut named = Scopes::none();
        named.add_list(list);
        if let Some(asked) = &self.asked {
            asked
                .iter()
                .chain(self.scopes.iter())
                .for_each(|scope| named.add(scope));
        }
        if named == Scopes::none() {
            return false;
        }
        self.asked = Some(named);
        *self.wanted() != before
    }

    fn wanted(&self) -> &Scopes {
        self.asked.as_ref().unwrap_or(&self.scopes)
    }

    /// The registry has taken what it was sent.
    pub(super) const fn accepted(&mut self) {
        self.refusals = 0;
    }

    /// Says in the final error who was asking for what.
    pub(super) fn explain(&self, error: Error, profile: &HostProfile) -> Error {
        if !matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Denied) {
            return error;
        }
        if let Some(schemes) = self.unmet.as_ref().filter(|_| error.kind() == ErrorKind::Unauthorized) {
            return error.explained(unmet(profile, schemes));
        }
        match &self.credential {
            Some(Some(credential)) => {
                let (shown, host, scopes) = (credential.shown(), profile.host(), self.shown_scopes());
                error.explained(format!("{shown} does not suffice on {host}{scopes}"))
            }
            _ => error.explained(self.wanting(profile)),
        }
    }

    /// Gives up the right to fetch a token, if held.
    pub(super) fn release(&mut self, host: &mut HostMemory) {
        match std::mem::take(&mut self.stage) {
            Stage::Reading { fetch, .. } | Stage::Sent(fetch) => host.tokens.settle(fetch.lease),
            Stage::Asking | Stage::Idle | Stage::Waiting(_) => {}
        }
    }

    fn wanting(&self, profile: &HostProfile) -> String {
        format!(
            "{} wants credentials{}; give a user name and password",
            profile.host(),
            self.shown_scopes()
        )
    }

    fn shown_scopes(&self) -> String {
        if *self.wanted() == Scopes::none() {
            String::new()
        } else {
            format!(" for `{}`", self.wanted())
        }
    }

    fn token(&mut self, host: &mut HostMemory, now: Now, key: TokenKey) -> Authorization {
        let credential = self.credential.as_ref().and_then(Option::as_ref);
        if let Err(error) = judge_realm(host.profile(), &key.realm, credential.is_some()) {
            return Authorization::Failed(error);
        }
        match host.tokens.seek(&key, now) {
            Seek::Found(value) => {
                self.fresh = false;
                Authorization::Ready(Some(value))
            }
            Seek::Wait(ticket) => {
                self.stage = Stage::Waiting(ticket);
                Authorization::Wait(ticket)
            }
            Seek::Lead(lease) => match token_request(&key.realm, key.service.as_deref(), &key.scopes, credential) {
                Ok((request, url)) => {
                    self.stage = Stage::Sent(Box::new(Fetch { key, lease, url }));
                    Authorization::Send(request)
                }
                Err(error) => {
                    host.tokens.settle(lease);
                    Authorization::Failed(error)
                }
            },
        }
    }

    fn fetched(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        fetch: Box<Fetch>,
        token: Result<Token, Error>,
    ) -> Authorization {
        let Fetch { key, lease, .. } = *fetch;
        let authorization = match token {
            Ok(Token { value, lifetime }) => {
                host.tokens.keep(key, value.clone(), lifetime, now);
                self.fresh = true;
                Authorization::Ready(Some(value))
            }
            Err(error) => Authorization::Failed(error),
        };
        host.tokens.settle(lease);
        authorization
    }

    fn refused(&self, fetch: &Fetch, status: StatusCode, body: &[u8]) -> Error {
        let error = Error::refusal(status, &fetch.url, registry_errors(body));
        if status.is_redirection() {
            return Error::new(
                ErrorKind::UnsafeUrl,
                format!("the token endpoint answers {status}: a token is never fetched through a redirect"),
            )
            .at(&fetch.url);
        }
        match (status.as_u16(), &self.credential) {
            (400 | 401 | 403, Some(Some(credential))) => error.with_kind(ErrorKind::Unauthorized).explained(format!(
                "the token endpoint refuses {}; check it, or log in again",
                credential.shown()
            )),
            (400 | 401 | 403, _) => error
                .with_kind(ErrorKind::Unauthorized)
                .explained("the token endpoint gives no anonymous token; give a user name and password"),
            // Of the kinds of a refusal none but a passing one says anything of what the registry was asked for.
            _ if !error.is_retryable() => error
                .with_kind(ErrorKind::Protocol)
                .explained("the token endpoint failed"),
            _ => error.explained("the token endpoint failed"),
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

#[derive(Debug, Default)]
enum Stage {
    Asking,
    #[default]
    Idle,
    Reading {
        fetch: Box<Fetch>,
        status: StatusCode,
        retry_after: Option<std::time::Duration>,
    },
    Sent(Box<Fetch>),
    Waiting(Ticket),
}

/// A token exchange under way.
#[derive(Debug)]
struct Fetch {
    key: TokenKey,
    lease: Lease,
    url: Url,
}

struct Token {
    value: HeaderValue,
    lifetime: std::time::Duration,
}

fn read_token(fetch: &Fetch, body: &[u8]) -> Result<Token, Error> {
    let response = TokenResponse::parse(body).map_err(|error| {
        Error::protocol(format!("the token endpoint's answer holds no usable token: {error}")).at(&fetch.url)
    })?;
    let text = Secret::new(format!("Bearer {}", response.token()));
    let value = sensitive(text.expose()).map_err(|_| {
        Error::protocol("the token endpoint's token holds characters that no HTTP header can carry").at(&fetch.url)
    })?;
    Ok(Token {
        value,
        lifetime: response.expires_in(),
    })
}

/// The largest answer of a token endpoint that is read: 128 KiB.
const TOKEN_LIMIT: usize = 128 << 10;

/// How many refusals of one request, after the one that brings the challenge, lead to another try.
const MAX_REFUSALS: usize = 2;

#[cfg(test)]
mod tests;
