use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use oci_client_core::Secret;
use oci_spec_types::Digest;
use subtle::ConstantTimeEq as _;

use super::access::Access;
use super::caller::Caller;
#[cfg(feature = "htpasswd")]
use super::htpasswd::Htpasswd;

/// Everybody who has an account, and what those without one may do.
///
/// ```
/// use oci_registry::auth::{Access, Action, User, Users};
///
/// let builder = Access::below("team/app", &[Action::Pull, Action::Push]);
/// let users = Users::new()
///     .with_anonymous(Access::below("public", &[Action::Pull]))
///     .with_any_user(Access::below("tools", &[Action::Pull]))
///     .with_user(User::new("builder", "secret".to_owned()).with_access(builder));
/// assert!(!format!("{users:?}").contains("secret"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Users {
    anonymous: Arc<Access>,
    any_user: Arc<Access>,
    by_name: HashMap<Arc<str>, User>,
    #[cfg(feature = "htpasswd")]
    htpasswd: Option<Htpasswd>,
}

impl Users {
    /// Nobody; without an account nothing is allowed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what is allowed without an account, and so to everybody.
    #[must_use]
    pub fn with_anonymous(mut self, access: Access) -> Self {
        self.anonymous = Arc::new(access);
        self
    }

    /// Sets what is allowed to everybody who has an account, besides what they may do themselves.
    #[must_use]
    pub fn with_any_user(mut self, access: Access) -> Self {
        self.any_user = Arc::new(access);
        self
    }

    /// Adds a user, in place of one of the same name.
    #[must_use]
    pub fn with_user(mut self, user: User) -> Self {
        self.by_name.insert(Arc::clone(&user.name), user);
        self
    }

    /// Gives an account to everybody in `htpasswd`.
    ///
    /// Of a [`User`] with a password of its own, and the same name, this one counts.
    #[cfg(feature = "htpasswd")]
    #[must_use]
    pub fn with_htpasswd(mut self, htpasswd: Htpasswd) -> Self {
        self.htpasswd = Some(htpasswd);
        self
    }

    /// What somebody may do; without an account if nobody is given.
    pub(super) fn caller(&self, account: Option<&Account>) -> Caller {
        let mut access = vec![Arc::clone(&self.anonymous)];
        if let Some(account) = account {
            access.push(Arc::clone(&self.any_user));
            access.extend(self.by_name.get(&account.name).map(|user| Arc::clone(&user.access)));
        }
        Caller::new(account.map(|account| Arc::clone(&account.name)), access)
    }

    /// The account of which these are name and password. Takes as long for a name that nobody has.
    pub(super) async fn verify(&self, name: &str, password: &str) -> Option<Account> {
        let user = self.by_name.get(name);
        #[cfg(feature = "htpasswd")]
        if let Some(htpasswd) = &self.htpasswd
            && user.is_none_or(|user| matches!(user.password, Password::Elsewhere))
        {
            return htpasswd.verify(name, password).await;
        }
        let expected = match user.map(|user| &user.password) {
            Some(Password::Own(password)) => Some(password),
            _ => None,
        };
        let fingerprint = fingerprint(expected.map_or("", Secret::expose));
        let [expected_text, given] = [&fingerprint, &self::fingerprint(password)].map(Digest::to_string);
        let same = expected_text.as_bytes().ct_eq(given.as_bytes());
        (bool::from(same) && expected.is_some()).then(|| Account::new(name, fingerprint))
    }

    /// Whether an account is still there, with the password that it had.
    pub(super) async fn is_current(&self, account: &Account) -> bool {
        if let Some(current) = self.account(&account.name) {
            return current.fingerprint == account.fingerprint;
        }
        #[cfg(feature = "htpasswd")]
        if let Some(htpasswd) = &self.htpasswd {
            return htpasswd.is_current(account).await;
        }
        false
    }

    /// Whether the passwords of `name` are issued for a time, and expire.
    pub(super) fn is_issued(&self, name: &str) -> bool {
        let user = self.by_name.get(name);
        user.is_some_and(|user| matches!(user.password, Password::Issued))
    }

    /// The account of a user who was [added](Self::with_user) with a password or with issued ones.
    pub(super) fn account(&self, name: &str) -> Option<Account> {
        match &self.by_name.get(name)?.password {
            #[cfg(feature = "htpasswd")]
            Password::Elsewhere => None,
            Password::Issued => Some(Account::new(name, fingerprint(""))),
            Password::Own(password) => Some(Account::new(name, fingerprint(password.expose()))),
        }
    }
}

/// One account.
#[derive(Clone)]
pub struct User {
    access: Arc<Access>,
    name: Arc<str>,
    password: Password,
}

impl User {
    /// A user who may not do anything yet that not everybody may.
    pub fn new(name: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::with_password(name.into(), Password::Own(password.into()))
    }

    /// A user whose password is in the [`Htpasswd`] of the [`Users`], and who may not do anything yet that not everybody may.
    #[cfg(feature = "htpasswd")]
    pub fn in_htpasswd(name: impl Into<String>) -> Self {
        Self::with_password(name.into(), Password::Elsewhere)
    }

    /// A user whose passwords are refresh tokens.
    pub(crate) fn issued(name: impl Into<String>) -> Self {
        Self::with_password(name.into(), Password::Issued)
    }

    /// Sets what the user may do.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = Arc::new(access);
        self
    }

    fn with_password(name: String, password: Password) -> Self {
        Self {
            access: Arc::default(),
            name: name.into(),
            password,
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("User")
            .field("access", &self.access)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
enum Password {
    /// In the file of passwords.
    #[cfg(feature = "htpasswd")]
    Elsewhere,
    Issued,
    Own(Secret),
}

/// Whoever has shown a password, and which one it was: what was given for it ends when the password changes.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) fingerprint: Digest,
    pub(super) name: Arc<str>,
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Account")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Account {
    pub(super) fn new(name: &str, fingerprint: Digest) -> Self {
        Self {
            fingerprint,
            name: name.into(),
        }
    }
}

/// Tells passwords apart. Of equal length for all, so that nothing is learned from how long a comparison takes.
pub(super) fn fingerprint(password: &str) -> Digest {
    Digest::sha256(password.as_bytes())
}
