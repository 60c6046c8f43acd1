use std::time::Duration;

use http::{HeaderValue, Request, StatusCode};
use oci_spec_types::distribution::TokenResponse;
use url::Url;

use super::{Authorization, Authorizer, Stage};
use crate::proto::auth::{Credential, Grant, bearer, get_token, post_token};
use crate::proto::host::{Lease, Seek, TokenKey};
use crate::proto::machine::{Now, Payload};
use crate::proto::outbound::{judge_realm, mark};
use crate::proto::{HostMemory, TokenMethod};
use crate::secret::Secret;
use crate::{Error, ErrorKind};

/// A token exchange under way.
#[derive(Debug)]
pub(super) struct Fetch {
    asked: Duration,
    key: TokenKey,
    pub(super) lease: Lease,
    method: TokenMethod,
    /// Whether a POST has been refused before.
    second: bool,
    /// Whether the successor of an identity token went in its place.
    successor: bool,
    pub(super) url: Url,
}

impl Authorizer {
    /// The token for `key`, or what is to be done for it.
    pub(super) fn token(&mut self, host: &mut HostMemory, now: Now, key: TokenKey) -> Authorization {
        let anonymous = self.credential().is_none();
        if let Err(error) = judge_realm(host.profile(), &key.realm, !anonymous) {
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
            Seek::Lead(lease) => {
                let method = self.method(host, &key);
                self.exchange(host, now, key, lease, method, false)
            }
        }
    }

    /// Takes the token endpoint's answer.
    pub(super) fn fetched(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        fetch: Box<Fetch>,
        status: StatusCode,
        wait: Option<Duration>,
        body: &[u8],
    ) -> Authorization {
        if status != StatusCode::OK {
            let error = self.refused(&fetch, status, body).with_retry_after(wait);
            return self.turned_down(host, now, *fetch, status, error);
        }
        let authorization = match read_token(&fetch, body) {
            Ok((response, value)) => {
                self.keep(host, &fetch, &response, &value);
                self.fresh = true;
                Authorization::Ready(Some(value))
            }
            Err(error) => Authorization::Failed(error),
        };
        host.tokens.settle(fetch.lease);
        authorization
    }

    /// What is left to try after a refusal: the other method, the identity token itself, another credential.
    fn turned_down(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        fetch: Fetch,
        status: StatusCode,
        error: Error,
    ) -> Authorization {
        let refused = matches!(status.as_u16(), 400 | 401 | 403 | 404 | 405);
        let with_password = matches!(self.credential(), Some(Credential::Password { .. }));
        if refused && with_password && fetch.method == TokenMethod::Post {
            return self.exchange(host, now, fetch.key, fetch.lease, TokenMethod::Get, true);
        }
        if fetch.successor && refused {
            host.refresh_tokens.forget(&fetch.key);
        }
        host.tokens.settle(fetch.lease);
        if fetch.successor && refused && !std::mem::replace(&mut self.stepped_back, true) {
            return Authorization::Again;
        }
        if error.kind() == ErrorKind::Unauthorized {
            return self.ask_again(host, now, error);
        }
        Authorization::Failed(error)
    }

    /// Keeps what is good for later. A refresh token is kept only in place of an identity token, which may be used up by now: for a password none was asked
    /// for, and to hold one would save nothing.
    fn keep(&self, host: &mut HostMemory, fetch: &Fetch, response: &TokenResponse, value: &HeaderValue) {
        let lifetime = response.expires_in();
        host.tokens
            .keep(fetch.key.clone(), value.clone(), lifetime, fetch.asked);
        if fetch.second {
            host.tokens.remember_get(&fetch.key.realm);
        }
        let (Some(Credential::IdentityToken(token)), Some(new)) = (self.credential(), response.refresh_token()) else {
            return;
        };
        if new == token.expose() {
            host.refresh_tokens.forget(&fetch.key);
        } else {
            host.refresh_tokens.replace(&fetch.key, Secret::new(new));
        }
    }

    fn method(&self, host: &HostMemory, key: &TokenKey) -> TokenMethod {
        match self.credential() {
            Some(Credential::IdentityToken(_)) => TokenMethod::Post,
            Some(_) if !host.tokens.wants_get(&key.realm) => host.profile().token_method(),
            _ => TokenMethod::Get,
        }
    }

    fn exchange(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        key: TokenKey,
        lease: Lease,
        method: TokenMethod,
        second: bool,
    ) -> Authorization {
        let credential = self.credential();
        let successor = host
            .refresh_tokens
            .successor(&key)
            .filter(|_| matches!(credential, Some(Credential::IdentityToken(_))));
        let request = match (method, credential) {
            (TokenMethod::Post, Some(credential)) => {
                Grant::of(credential, successor).and_then(|grant| post_token(&key, host.profile().client_id(), grant))
            }
            _ => get_token(&key, credential),
        };
        let successor = successor.is_some();
        let (mut request, url): (Request<Payload>, Url) = match request {
            Ok(request) => request,
            Err(error) => {
                host.tokens.settle(lease);
                return Authorization::Failed(error);
            }
        };
        mark(host.profile(), &url, &mut request);
        self.stage = Stage::Sent(Box::new(Fetch {
            asked: now.monotonic,
            key,
            lease,
            method,
            second,
            successor,
            url,
        }));
        Authorization::Send(Box::new(request))
    }
}

fn read_token(fetch: &Fetch, body: &[u8]) -> Result<(TokenResponse, HeaderValue), Error> {
    let response = TokenResponse::parse(body).map_err(|error| {
        Error::protocol(format!("the token endpoint's answer holds no usable token: {error}")).at(&fetch.url)
    })?;
    let value = bearer(response.token()).map_err(|_| {
        Error::protocol("the token endpoint's token holds characters that no HTTP header can carry").at(&fetch.url)
    })?;
    Ok((response, value))
}

/// The largest answer of a token endpoint that is read: 128 KiB.
pub(super) const TOKEN_LIMIT: usize = 128 << 10;
