//! A registry behind authorization, and short ways to talk to it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use oci_client_core::runtime::Runtime as _;
use oci_client_core::transport::{Body, Transport};
use oci_registry::Registry;
use oci_registry::auth::{Access, Action, Protected, TokenSettings, User, Users};
use serde_json::Value;
use test_support::SimRuntime;

pub(crate) const REALM: &str = "https://registry.test/token";

/// How a site wants to know who sends a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scheme {
    Basic,
    Bearer,
}

impl Scheme {
    pub(crate) const BOTH: [Self; 2] = [Self::Basic, Self::Bearer];
}

pub(crate) struct Site {
    pub(crate) registry: Arc<dyn Transport>,
    pub(crate) runtime: SimRuntime,
    scheme: Scheme,
}

impl Site {
    pub(crate) fn basic() -> Self {
        Self::new(Scheme::Basic, users())
    }

    pub(crate) fn bearer() -> Self {
        Self::new(Scheme::Bearer, users())
    }

    pub(crate) fn new(scheme: Scheme, users: Users) -> Self {
        let runtime = SimRuntime::new();
        Self::before(&Registry::in_memory(), scheme, users, &runtime)
    }

    /// Authorization before a registry that others may talk to as well.
    pub(crate) fn before(
        registry: &(impl Transport + Clone + 'static),
        scheme: Scheme,
        users: Users,
        runtime: &SimRuntime,
    ) -> Self {
        let (registry, shared) = (registry.clone(), Arc::new(runtime.clone()));
        let registry = match scheme {
            Scheme::Basic => Protected::basic(registry, users, "the registry", shared),
            Scheme::Bearer => {
                let settings = TokenSettings::new(REALM, "registry.test");
                Protected::bearer(registry, users, settings, shared)
            }
        };
        Self {
            registry: Arc::new(registry),
            runtime: runtime.clone(),
            scheme,
        }
    }

    /// The `Authorization` by which a user, whose password is known by the name, or nobody sends requests. A token is asked for with `scopes`.
    pub(crate) fn authorization(&self, name: Option<&str>, scopes: &str) -> String {
        let login = name.map(|name| basic(&format!("{name}:{name}'s"))).unwrap_or_default();
        match self.scheme {
            Scheme::Basic => login,
            Scheme::Bearer => {
                let path = format!("/token?service=registry.test&scope={}", scopes.replace(' ', "+"));
                let answer = self.send("GET", &path, &login, "");
                assert_eq!(answer.status, 200, "{name:?} {scopes}");
                format!("Bearer {}", answer.json()["token"].as_str().unwrap())
            }
        }
    }

    /// Sends a request as a client does that has been told what it needs.
    pub(crate) fn send_as(&self, name: Option<&str>, method: &str, path: &str, body: &str) -> Reply {
        let first = self.send(method, path, &self.authorization(name, ""), body);
        let challenge = first
            .headers
            .get("www-authenticate")
            .map(|value| value.to_str().unwrap());
        let scopes = challenge.and_then(|challenge| Some(challenge.split_once("scope=\"")?.1.split_once('"')?.0));
        match scopes {
            Some(scopes) => self.send(method, path, &self.authorization(name, scopes), body),
            None => first,
        }
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.runtime.run(self.runtime.sleep(Duration::from_secs(seconds)));
    }

    pub(crate) fn send(&self, method: &str, path: &str, authorization: &str, body: &str) -> Reply {
        self.send_typed(method, path, authorization, body, "application/x-www-form-urlencoded")
    }

    pub(crate) fn send_typed(
        &self,
        method: &str,
        path: &str,
        authorization: &str,
        body: &str,
        media_type: &str,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://registry.test{path}"))
            .header("content-type", media_type);
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        let request = request.body(Body::from(body.as_bytes().to_vec())).unwrap();
        self.runtime.run(async {
            let (parts, body) = self.registry.send(request).await.unwrap().into_parts();
            Reply {
                body: body.collect(1 << 20).await.unwrap(),
                headers: parts.headers,
                status: parts.status,
            }
        })
    }
}

pub(crate) struct Reply {
    pub(crate) body: Bytes,
    pub(crate) headers: HeaderMap,
    pub(crate) status: StatusCode,
}

impl Reply {
    pub(crate) fn challenge(&self) -> &str {
        self.headers["www-authenticate"].to_str().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) fn users() -> Users {
    let team = |actions: &[Action]| Access::below("team", actions);
    let user = |name: &str, access| User::new(name, format!("{name}'s")).with_access(access);
    Users::new()
        .with_anonymous(Access::below("public", &[Action::Pull]))
        .with_user(user("admin", Access::all()))
        .with_user(user("reader", team(&[Action::Pull])))
        .with_user(user("writer", team(&[Action::Pull, Action::Push])))
}

pub(crate) fn basic(login: &str) -> String {
    format!("Basic {}", STANDARD.encode(login))
}
