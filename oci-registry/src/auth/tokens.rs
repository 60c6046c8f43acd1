use std::sync::Arc;
use std::time::Duration;

use oci_client_core::Secret;
use oci_client_core::runtime::Runtime;

use super::issued::{Issued, NoRandom};
use super::scope::Scope;
use super::users::Users;

/// How tokens are given out.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    lifetime: Duration,
    realm: String,
    refresh_lifetime: Duration,
    service: String,
}

impl TokenSettings {
    /// Tokens from the endpoint at `realm`, an absolute URL, for the registry that calls itself `service`.
    ///
    /// An access token lives for 5 minutes, a refresh token for 12 hours. Both texts are shown to clients in a header field; what cannot stand
    /// there between quotation marks is left out.
    pub fn new(realm: impl Into<String>, service: impl Into<String>) -> Self {
        Self {
            lifetime: Duration::from_secs(300),
            realm: quotable(&realm.into()),
            refresh_lifetime: Duration::from_secs(12 * 3600),
            service: quotable(&service.into()),
        }
    }

    /// Sets how long an access token lives, in whole seconds.
    #[must_use]
    pub const fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets how long a refresh token lives.
    #[must_use]
    pub const fn with_refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.refresh_lifetime = lifetime;
        self
    }

    /// How long an access token lives.
    pub const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Where tokens are to be had.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// How long a refresh token lives.
    pub const fn refresh_lifetime(&self) -> Duration {
        self.refresh_lifetime
    }

    /// What the registry calls itself towards the endpoint.
    pub fn service(&self) -> &str {
        &self.service
    }
}

/// The part of `text` that can stand in a quoted string of a header field.
pub(super) fn quotable(text: &str) -> String {
    text.chars()
        .filter(|character| matches!(character, ' '..='~') && !matches!(character, '"' | '\\'))
        .collect()
}

/// What a token allows.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    scopes: Vec<Scope>,
}

impl Grant {
    pub(super) const fn new(scopes: Vec<Scope>) -> Self {
        Self { scopes }
    }

    pub(super) fn covers(&self, needed: &Scope) -> bool {
        self.scopes.iter().any(|scope| scope.covers(needed))
    }

    pub(super) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }
}

/// All tokens that were given out, and the users who may get some.
pub(crate) struct Tokens {
    access: Issued<Grant>,
    refresh: Issued<String>,
    refresh_lifetime: Duration,
    runtime: Arc<dyn Runtime>,
    users: Users,
}

impl Tokens {
    pub(crate) fn new(users: Users, refresh_lifetime: Duration, runtime: Arc<dyn Runtime>) -> Self {
        Self {
            access: Issued::new(),
            refresh: Issued::new(),
            refresh_lifetime,
            runtime,
            users,
        }
    }

    pub(crate) const fn users(&self) -> &Users {
        &self.users
    }

    /// Whether these are name and password of a user, who may have to have a refresh token as a password.
    pub(super) fn verify(&self, name: &str, password: &str) -> bool {
        if self.users.is_issued(name) {
            self.refreshed(password).is_some_and(|holder| holder == name)
        } else {
            self.users.verify(name, password)
        }
    }

    /// An access token.
    pub(super) fn give(&self, grant: Grant, lifetime: Duration) -> Result<Secret, NoRandom> {
        self.access.issue(grant, self.now(), lifetime)
    }

    pub(super) fn granted(&self, token: &str) -> Option<Grant> {
        self.access.get(token, self.now())
    }

    /// A refresh token for the user `name`.
    pub(crate) fn give_refresh(&self, name: &str) -> Result<Secret, NoRandom> {
        self.refresh.issue(name.to_owned(), self.now(), self.refresh_lifetime)
    }

    /// The user to whom a refresh token was given.
    pub(super) fn refreshed(&self, token: &str) -> Option<String> {
        self.refresh.get(token, self.now())
    }

    fn now(&self) -> Duration {
        self.runtime.now().monotonic
    }
}
