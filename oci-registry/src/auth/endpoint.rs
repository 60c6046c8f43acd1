//! The token endpoint: both forms of asking for a token, and their answers.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_spec_types::distribution::ErrorCode;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::gate::wants_basic;
use super::header::Authorization;
use super::issued::NoRandom;
use super::scope::{Scope, list};
use super::timestamp::rfc3339;
use super::tokens::{Grant, TokenSettings, Tokens};
use super::users::Account;
use crate::error::ApiError;
use crate::response;

/// Gives tokens to those who show who they are.
pub(crate) struct TokenEndpoint {
    settings: TokenSettings,
    tokens: Arc<Tokens>,
}

impl TokenEndpoint {
    pub(crate) const fn new(settings: TokenSettings, tokens: Arc<Tokens>) -> Self {
        Self { settings, tokens }
    }

    pub(super) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let mut response = match *request.method() {
            Method::GET => self.get(request).await.unwrap_or_else(ApiError::into_response),
            Method::POST => self
                .post(request)
                .await
                .unwrap_or_else(|refused| refused.into_response()),
            _ => ApiError::method_not_allowed()
                .with_allowed_methods("GET, POST")
                .into_response(),
        };
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// The token specification's form: name and password by the Basic scheme, or neither.
    async fn get(&self, request: Request<Body>) -> Result<Response<Body>, ApiError> {
        let form = Form::parse(request.uri().query().unwrap_or_default().as_bytes());
        let given = Authorization::of(request.headers());
        let wrong = || wants_basic(self.settings.service(), "user name or password are wrong");
        let account = match given {
            Authorization::Absent => None,
            Authorization::Basic { name, password } => {
                let account = self.tokens.verify(&name, password.expose()).await;
                Some(account.ok_or_else(wrong)?)
            }
            Authorization::Bearer(_) | Authorization::Unknown => return Err(wrong()),
        };
        if account.is_none() && self.tokens.users().caller(None).is_powerless() {
            return Err(wants_basic(self.settings.service(), "authentication required"));
        }
        self.check_service(&form)
            .map_err(|message| ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::UNSUPPORTED, message))?;
        let refresh = form.first("offline_token") == Some("true");
        self.token(account, &form, refresh).map_err(|NoRandom| {
            ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                ErrorCode::UNKNOWN,
                NoRandom.to_string(),
            )
        })
    }

    /// The OAuth2 form ([RFC 6749, section 4.3 and 6]): a password or a refresh token in the body.
    ///
    /// [RFC 6749, section 4.3 and 6]: https://www.rfc-editor.org/rfc/rfc6749#section-4.3
    async fn post(&self, request: Request<Body>) -> Result<Response<Body>, Refused> {
        let form = read_form(request).await?;
        let wrong = Refused(
            "invalid_grant",
            "user name, password or refresh token are wrong".to_owned(),
        );
        let account = match (form.first("grant_type"), form.first("username"), form.first("password")) {
            (Some("password"), Some(name), Some(password)) => self.tokens.verify(name, password).await.ok_or(wrong)?,
            (Some("refresh_token"), _, _) => {
                let token = form.first("refresh_token").unwrap_or_default();
                self.tokens.refreshed(token).await.ok_or(wrong)?
            }
            (Some("password"), _, _) => {
                let message = "`username` and `password` are needed";
                return Err(Refused("invalid_request", message.to_owned()));
            }
            _ => {
                let message = "`grant_type` must be `password` or `refresh_token`";
                return Err(Refused("unsupported_grant_type", message.to_owned()));
            }
        };
        self.check_service(&form)
            .map_err(|message| Refused("invalid_request", message))?;
        let refresh = form.first("access_type") == Some("offline");
        self.token(Some(account), &form, refresh)
            .map_err(|error| Refused("server_error", error.to_string()))
    }

    fn check_service(&self, form: &Form) -> Result<(), String> {
        match form.first("service") {
            Some(service) if service != self.settings.service() => Err(format!(
                "no tokens are given for this service, only for {}",
                self.settings.service()
            )),
            _ => Ok(()),
        }
    }

    /// A token for what of the asked for the account may do, which may be nothing.
    fn token(&self, account: Option<Account>, form: &Form, refresh: bool) -> Result<Response<Body>, NoRandom> {
        let caller = self.tokens.users().caller(account.as_ref());
        let asked = form.all("scope").flat_map(str::split_ascii_whitespace);
        let scopes = asked
            .take(MAX_SCOPES)
            .filter(|text| text.len() <= MAX_SCOPE_LEN)
            .filter_map(Scope::parse)
            .map(|scope| caller.grant(&scope))
            .filter(|scope| !scope.is_empty())
            .collect();
        let grant = Grant::new(account.clone(), scopes);
        let scope = list(grant.scopes());
        let token = self.tokens.give(grant, self.settings.lifetime())?;
        let mut answer = json!({
            "access_token": token.expose(),
            "expires_in": self.settings.lifetime().as_secs(),
            "issued_at": rfc3339(self.tokens.now().unix),
            "scope": scope,
            "token": token.expose(),
        });
        if let (true, Some(account), Value::Object(answer)) = (refresh, account, &mut answer) {
            let token = self.tokens.give_refresh(account)?;
            answer.insert("refresh_token".to_owned(), token.expose().into());
        }
        Ok(response::json(StatusCode::OK, "application/json", &answer))
    }
}

#[async_trait]
impl Transport for TokenEndpoint {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        Ok(self.answer(request).await)
    }
}

/// An error answer by RFC 6749, section 5.2: its code and description.
struct Refused(&'static str, String);

impl Refused {
    fn into_response(self) -> Response<Body> {
        let Self(error, description) = self;
        let status = match error {
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let document = json!({ "error": error, "error_description": description });
        response::json(status, "application/json", &document)
    }
}

/// Names and values of `application/x-www-form-urlencoded`.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    pub(crate) fn first<'f>(&'f self, name: &'f str) -> Option<&'f str> {
        self.all(name).next()
    }

    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

async fn read_form(request: Request<Body>) -> Result<Form, Refused> {
    let invalid = |message: &str| Refused("invalid_request", message.to_owned());
    let (parts, body) = request.into_parts();
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next()).map(str::trim);
    if essence.is_none_or(|essence| !essence.eq_ignore_ascii_case(FORM)) {
        return Err(invalid("the body must be `application/x-www-form-urlencoded`"));
    }
    let bytes = body.collect(FORM_LIMIT).await;
    let bytes = bytes.map_err(|_| invalid("the body broke off, or is longer than 64 KiB"))?;
    Ok(Form::parse(&bytes))
}

const FORM: &str = "application/x-www-form-urlencoded";
/// The largest form that is read.
const FORM_LIMIT: usize = 64 * 1024;
/// How many scopes can be asked for at once, and so how many one token can have.
const MAX_SCOPES: usize = 32;
/// The longest scope that is looked at, in bytes: tokens are kept, and whoever may pull without an account can ask for many.
const MAX_SCOPE_LEN: usize = 512;
