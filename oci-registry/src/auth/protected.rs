use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response, Uri};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport, TransportError};

use super::endpoint::TokenEndpoint;
use super::gate::{Gate, GateScheme};
use super::tokens::{TokenSettings, Tokens, quotable};
use super::users::Users;
use crate::response;

/// A registry that only lets through what its users may do.
///
/// Time comes from the runtime: on a clock of your own, tokens expire when you say so.
///
/// ```
/// use std::sync::Arc;
///
/// use http::{Request, StatusCode};
/// use oci_client_core::runtime::{ThreadRuntime, block_on};
/// use oci_client_core::transport::{Body, Transport};
/// use oci_registry::Registry;
/// use oci_registry::auth::{Access, Action, Protected, TokenSettings, User, Users};
///
/// let reader = User::new("reader", "secret".to_owned()).with_access(Access::below("app", &[Action::Pull]));
/// let settings = TokenSettings::new("https://registry.test/token", "registry.test");
/// let users = Users::new().with_user(reader);
/// let registry = Protected::bearer(Registry::in_memory(), users, settings, Arc::new(ThreadRuntime::new()));
///
/// let request = Request::get("https://registry.test/v2/app/tags/list").body(Body::empty())?;
/// let response = block_on(registry.send(request))?;
/// assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
/// assert_eq!(
///     response.headers()["www-authenticate"],
///     "Bearer realm=\"https://registry.test/token\",service=\"registry.test\",scope=\"repository:app:pull\""
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Protected<T> {
    endpoint: Option<(String, TokenEndpoint)>,
    gate: Gate,
    inner: T,
}

impl<T: Transport> Protected<T> {
    /// Wants name and password with every request; clients show `realm` to their users.
    ///
    /// What is allowed without an account needs no `Authorization`, except for `/v2/`, by which clients try a password.
    pub fn basic(inner: T, users: Users, realm: impl Into<String>, runtime: Arc<dyn Runtime>) -> Self {
        let realm = quotable(&realm.into());
        let tokens = Arc::new(Tokens::new(users, Duration::ZERO, runtime));
        Self {
            endpoint: None,
            gate: Gate::new(GateScheme::Basic { realm }, tokens),
            inner,
        }
    }

    /// Wants a token with every request. Requests for the path of the settings' realm go to the token endpoint, whatever
    /// their host.
    pub fn bearer(inner: T, users: Users, settings: TokenSettings, runtime: Arc<dyn Runtime>) -> Self {
        let path = settings.realm().parse::<Uri>().map(|realm| realm.path().to_owned());
        let tokens = Arc::new(Tokens::new(users, settings.refresh_lifetime(), runtime));
        let endpoint = TokenEndpoint::new(settings.clone(), Arc::clone(&tokens));
        Self {
            endpoint: path.ok().map(|path| (path, endpoint)),
            gate: Gate::new(GateScheme::Bearer(settings), tokens),
            inner,
        }
    }
}

impl<T> fmt::Debug for Protected<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Protected").finish_non_exhaustive()
    }
}

#[async_trait]
impl<T: Transport> Transport for Protected<T> {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        if let Some((path, endpoint)) = &self.endpoint
            && request.uri().path() == path
        {
            return Ok(endpoint.answer(request).await);
        }
        match self.gate.refusal(&mut request).await {
            Some(refusal) => Ok(response::answer_to(request.method(), refusal)),
            None => self.inner.send(request).await,
        }
    }
}
