use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::Credential;
use crate::proto::endpoint::request;
use crate::proto::host::TokenKey;
use crate::proto::machine::Payload;
use crate::secret::Secret;
use crate::{Error, ErrorKind};

/// The GET form of a token exchange ([Docker token specification]).
///
/// [Docker token specification]: https://distribution.github.io/distribution/spec/auth/token/
pub(crate) fn get_token(key: &TokenKey, credential: Option<&Credential>) -> Result<(Request<Payload>, Url), Error> {
    let mut url = realm_url(&key.realm);
    {
        let mut query = url.query_pairs_mut();
        if let Some(username) = credential.and_then(Credential::username) {
            query.append_pair("account", username);
        }
        if let Some(service) = &key.service {
            query.append_pair("service", service);
        }
        for scope in key.scopes.iter() {
            query.append_pair("scope", &scope.to_string());
        }
    }
    let mut request = request(Method::GET, &url, Payload::Empty)?;
    accept_json(&mut request);
    if let Some(credential) = credential {
        request.headers_mut().insert(AUTHORIZATION, credential.basic()?);
    }
    Ok((request, url))
}

/// What a token is asked for with, in the POST form.
#[derive(Clone, Copy)]
pub(crate) enum Grant<'a> {
    Password { username: &'a str, password: &'a Secret },
    RefreshToken(&'a Secret),
}

impl<'a> Grant<'a> {
    /// What `credential` is in the POST form, with the `successor` of an identity token where there is one.
    pub(crate) fn of(credential: &'a Credential, successor: Option<&'a Secret>) -> Result<Self, Error> {
        match credential {
            Credential::IdentityToken(token) => Ok(Self::RefreshToken(successor.unwrap_or(token))),
            Credential::Password { username, password } => Ok(Self::Password { username, password }),
            Credential::RegistryToken(_) => Err(Error::new(
                ErrorKind::Misuse,
                "a registry token is not exchanged for another",
            )),
        }
    }

    /// Its fields of the form; a pair without a name is left out.
    fn fields(&self) -> [(&'static str, &'a str); 3] {
        match *self {
            Self::Password { username, password } => [
                ("grant_type", "password"),
                ("username", username),
                ("password", password.expose()),
            ],
            Self::RefreshToken(token) => [
                ("grant_type", "refresh_token"),
                ("refresh_token", token.expose()),
                ("", ""),
            ],
        }
    }
}

/// The POST form of a token exchange ([OAuth2 token exchange]). Its content is wiped from memory when the request is dropped.
///
/// [OAuth2 token exchange]: https://distribution.github.io/distribution/spec/auth/oauth/
pub(crate) fn post_token(key: &TokenKey, client_id: &str, grant: Grant<'_>) -> Result<(Request<Payload>, Url), Error> {
    let url = realm_url(&key.realm);
    let scope = key.scopes.to_string();
    let service = key.service.as_deref().map(|service| ("service", service));
    let scope = (!scope.is_empty()).then_some(("scope", scope.as_str()));
    let fields = grant.fields().into_iter().filter(|(name, _)| !name.is_empty());
    let fields = fields.chain(service).chain([("client_id", client_id)]).chain(scope);
    let content = form(&fields.collect::<Vec<_>>());
    let mut request = request(Method::POST, &url, Payload::Bytes(content))?;
    accept_json(&mut request);
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, kind);
    Ok((request, url))
}

fn realm_url(realm: &Url) -> Url {
    let mut url = realm.clone();
    url.set_fragment(None);
    url
}

fn accept_json(request: &mut Request<Payload>) {
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, json);
}

/// A form that is wiped when its last reader is gone. It is given all its room at once: growing would leave parts of it behind.
fn form(fields: &[(&str, &str)]) -> Bytes {
    let room = fields
        .iter()
        .map(|(name, value)| name.len().saturating_add(value.len()).saturating_mul(3));
    let separators = fields.len().saturating_mul(2);
    let mut text = Zeroizing::new(String::with_capacity(room.sum::<usize>().saturating_add(separators)));
    form_urlencoded::Serializer::new(&mut *text).extend_pairs(fields);
    Bytes::from_owner(WipedText(text))
}

struct WipedText(Zeroizing<String>);

impl AsRef<[u8]> for WipedText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
