use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use oci_client_core::Secret;
use oci_client_core::proto::Now;
use oci_client_core::runtime::Runtime;

use super::issued::{Issued, NoRandom};
use super::scope::Scope;
use super::users::{Account, Users};

/// How tokens are given out.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    lifetime: Duration,
    realm: String,
    refresh_lifetime: Duration,
    service: String,
}

impl TokenSettings {
    /// Tokens from the endpoint at `realm`, for the registry that calls itself `service`.
    ///
    /// The realm is an absolute URL. A path alone, such as `/token`, stands for the address by which each client calls the registry: the
    /// scheme and host of its request. Behind a proxy, which changes them, give the URL.
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

    /// Sets how long a refresh token lives. It ends before that when its user's password changes.
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

    /// The realm for whoever sends a request to `uri`.
    pub(super) fn realm_seen_at(&self, uri: &Uri) -> String {
        let (scheme, host) = (uri.scheme_str(), uri.host());
        let Some((scheme, host)) = scheme.zip(host).filter(|_| self.realm.starts_with('/')) else {
            return self.realm.clone();
        };
        let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}{port}{}", quotable(host), self.realm)
    }
}

/// The part of `text` that can stand in a quoted string of a header field.
pub(super) fn quotable(text: &str) -> String {
    text.chars()
        .filter(|character| matches!(character, ' '..='~') && !matches!(character, '"' | '\\'))
        .collect()
}

/// What a token allows, and to whom it was given; without an account to nobody in particular.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    account: Option<Account>,
    scopes: Vec<Scope>,
}

impl Grant {
    pub(super) const fn new(account: Option<Account>, scopes: Vec<Scope>) -> Self {
        Self { account, scopes }
    }

    pub(super) fn covers(&self, needed: &Scope) -> bool {
        self.scopes.iter().any(|scope| scope.covers(needed))
    }

    pub(super) const fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    pub(super) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }
}

/// All tokens that were given out, and the users who may get some.
pub(crate) struct Tokens {
    access: Issued<Grant>,
    refresh: Issued<Account>,
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

    pub(super) const fn users(&self) -> &Users {
        &self.users
    }

    /// The account of which these are name and password. Some have to have a refresh token as a password.
    pub(super) async fn verify(&self, name: &str, password: &str) -> Option<Account> {
        if self.users.is_issued(name) {
            let account = self.refreshed(password).await?;
            return (*account.name == *name).then_some(account);
        }
        self.users.verify(name, password).await
    }

    /// An access token.
    pub(super) fn give(&self, grant: Grant, lifetime: Duration) -> Result<Secret, NoRandom> {
        self.access.issue(grant, self.now().monotonic, lifetime)
    }

    /// What a token allows, as long as whoever got it is who they were.
    pub(super) async fn granted(&self, token: &str) -> Option<Grant> {
        let grant = self.access.get(token, self.now().monotonic)?;
        match grant.account() {
            Some(account) if !self.users.is_current(account).await => None,
            _ => Some(grant),
        }
    }

    /// A refresh token for an account.
    pub(super) fn give_refresh(&self, account: Account) -> Result<Secret, NoRandom> {
        self.refresh.issue(account, self.now().monotonic, self.refresh_lifetime)
    }

    /// A refresh token for the user `name`, who is there.
    pub(crate) fn give_refresh_to(&self, name: &str) -> Result<Secret, NoRandom> {
        let account = self.users.account(name);
        self.give_refresh(account.expect("the logins of a profile are its users"))
    }

    /// The account to which a refresh token was given.
    pub(super) async fn refreshed(&self, token: &str) -> Option<Account> {
        let account = self.refresh.get(token, self.now().monotonic)?;
        self.users.is_current(&account).await.then_some(account)
    }

    pub(super) fn now(&self) -> Now {
        self.runtime.now()
    }
}
