use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};
use oci_client_core::Secret;
use oci_client_core::proto::Credential;
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport, TransportError, TransportErrorKind};
use url::Url;

use super::definition::Profile;
use super::origins::Part;
use super::setting::{Login, Scheme, Setting};
use crate::auth::{Gate, GateScheme, NoRandom, TokenEndpoint, TokenSettings, Tokens};
use crate::hooks::{Content, Hook, Next, SignedUrls};
use crate::registry::Registry;
use crate::response;

/// A registry that behaves as its [`Profile`] says.
///
/// As a [`Transport`] it answers for the [origins](Profile::origins) of the profile, and fails to connect to any other. Clones
/// share everything.
#[derive(Clone)]
pub struct ProfiledRegistry {
    shared: Arc<Shared>,
}

impl ProfiledRegistry {
    pub(super) fn new(profile: Profile, registry: Registry, runtime: Arc<dyn Runtime>) -> Self {
        let signed = Arc::new(SignedUrls::new(Arc::clone(&runtime)));
        let setting = Setting {
            origins: profile.origins.clone(),
            registry: registry.clone(),
            runtime: Arc::clone(&runtime),
            signed: Arc::clone(&signed),
        };
        let (scheme, settings, token_path) = match profile.scheme {
            Scheme::Basic { realm } => {
                let realm = realm.to_owned();
                (GateScheme::Basic { realm }, TokenSettings::new("", ""), None)
            }
            Scheme::Bearer {
                lifetime,
                path,
                service,
            } => {
                let realm = format!("{}{path}", profile.origins.token());
                let settings = TokenSettings::new(realm, service).with_lifetime(lifetime);
                (GateScheme::Bearer(settings.clone()), settings, Some(path))
            }
        };
        let tokens = Arc::new(Tokens::new(profile.users(), settings.refresh_lifetime(), runtime));
        let hooks = (profile.hooks)(&setting);
        let mut gate = Gate::new(scheme, Arc::clone(&tokens)).with_sources_required();
        if let Some(actions) = hooks.deletes {
            gate = gate.with_deletes(actions);
        }
        let gate: Arc<dyn Hook> = Arc::new(gate);
        let api = hooks.before.into_iter().chain([gate]).chain(hooks.after).collect();
        let shared = Shared {
            api,
            content: Content {
                registry: registry.clone(),
                signed,
            },
            endpoint: TokenEndpoint::new(settings, Arc::clone(&tokens)),
            profile,
            registry,
            token: hooks.token,
            token_path,
            tokens,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// How its test users log in. Passwords and refresh tokens that live for a time are new in each answer.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn logins(&self) -> std::io::Result<Vec<Credential>> {
        let logins = self.shared.profile.logins.iter();
        logins
            .map(|login| self.credential(*login).map_err(std::io::Error::other))
            .collect()
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.shared.profile
    }

    fn credential(&self, login: Login) -> Result<Credential, NoRandom> {
        let issue = |name: &str| -> Result<Secret, NoRandom> { self.shared.tokens.give_refresh_to(name) };
        Ok(match login {
            Login::Issued(name) => Credential::password(name, issue(name)?),
            Login::Password(name, password) => Credential::password(name, password.to_owned()),
            Login::RefreshToken(name) => Credential::identity_token(issue(name)?),
        })
    }

    /// What the part of the registry that the URI's origin names answers.
    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let shared = &*self.shared;
        let url = Url::parse(&request.uri().to_string());
        let part = url
            .ok()
            .and_then(|url| shared.profile.origins.part(&url, shared.token_path));
        match part {
            Some(Part::Content) => shared.content.send(request).await,
            Some(Part::Registry) => Next::new(&shared.api, &shared.registry).run(request).await,
            Some(Part::Token) => Next::new(&shared.token, &shared.endpoint).run(request).await,
            None => {
                let origin = request.uri().authority().map(ToString::to_string).unwrap_or_default();
                let message = format!("{} is not at {origin}", shared.profile.name);
                Err(TransportError::new(TransportErrorKind::Connect, message).unsent())
            }
        }
    }
}

impl fmt::Debug for ProfiledRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProfiledRegistry")
            .field("profile", &self.shared.profile)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for ProfiledRegistry {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let method = request.method().clone();
        let response = self.answer(request).await?;
        Ok(response::answer_to(&method, response))
    }
}

struct Shared {
    api: Vec<Arc<dyn Hook>>,
    content: Content,
    endpoint: TokenEndpoint,
    profile: Profile,
    registry: Registry,
    token: Vec<Arc<dyn Hook>>,
    token_path: Option<&'static str>,
    tokens: Arc<Tokens>,
}
