use std::collections::{BTreeSet, HashMap};
use std::fmt;

use oci_client_core::Secret;
use oci_spec_types::Digest;
use subtle::ConstantTimeEq as _;

use super::scope::Scope;

/// Everybody who has an account, and what those without one may do.
///
/// ```
/// use oci_registry::auth::{Access, Action, User, Users};
///
/// let builder = Access::below("team/app", &[Action::Pull, Action::Push]);
/// let users = Users::new()
///     .with_anonymous(Access::below("public", &[Action::Pull]))
///     .with_user(User::new("builder", "secret".to_owned()).with_access(builder));
/// assert!(!format!("{users:?}").contains("secret"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Users {
    anonymous: Access,
    by_name: HashMap<String, User>,
}

impl Users {
    /// Nobody; without an account nothing is allowed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what is allowed without an account.
    #[must_use]
    pub fn with_anonymous(mut self, access: Access) -> Self {
        self.anonymous = access;
        self
    }

    /// Adds a user, in place of one of the same name.
    #[must_use]
    pub fn with_user(mut self, user: User) -> Self {
        self.by_name.insert(user.name.clone(), user);
        self
    }

    /// What is allowed to the user `name`, or without an account.
    pub(crate) fn access(&self, name: Option<&str>) -> Option<&Access> {
        match name {
            None => Some(&self.anonymous),
            Some(name) => self.by_name.get(name).map(|user| &user.access),
        }
    }

    /// Whether `password` is that of `name`. Takes as long for a name that nobody has.
    pub(super) fn verify(&self, name: &str, password: &str) -> bool {
        let found = self.by_name.get(name).and_then(|user| user.password.as_ref());
        let expected = digest(found.map_or("", Secret::expose));
        let same = expected.as_bytes().ct_eq(digest(password).as_bytes());
        bool::from(same) && found.is_some()
    }

    /// Whether the passwords of `name` are issued for a time, and expire.
    pub(super) fn is_issued(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|user| user.password.is_none())
    }
}

/// One account.
#[derive(Clone)]
pub struct User {
    access: Access,
    name: String,
    password: Option<Secret>,
}

impl User {
    /// A user who may not do anything yet.
    pub fn new(name: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            access: Access::none(),
            name: name.into(),
            password: Some(password.into()),
        }
    }

    /// A user whose passwords are refresh tokens.
    pub(crate) fn issued(name: impl Into<String>) -> Self {
        Self {
            access: Access::none(),
            name: name.into(),
            password: None,
        }
    }

    /// Sets what the user may do.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
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

/// What somebody may do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Access {
    catalog: bool,
    rules: Vec<(String, BTreeSet<Action>)>,
}

impl Access {
    /// Nothing.
    pub const fn none() -> Self {
        Self {
            catalog: false,
            rules: Vec::new(),
        }
    }

    /// Everything, the list of all repositories included.
    pub fn all() -> Self {
        let mut access = Self::below("", &[Action::Delete, Action::Pull, Action::Push]);
        access.catalog = true;
        access
    }

    /// `actions` on the repository `prefix` and on all whose names go on after it with a `/`; an empty prefix stands for every repository.
    pub fn below(prefix: impl Into<String>, actions: &[Action]) -> Self {
        Self::none().and_below(prefix, actions)
    }

    /// Adds what [`below`](Self::below) allows.
    #[must_use]
    pub fn and_below(mut self, prefix: impl Into<String>, actions: &[Action]) -> Self {
        self.rules.push((prefix.into(), actions.iter().copied().collect()));
        self
    }

    pub(crate) fn allows(&self, wanted: &Scope) -> bool {
        let granted = self.grant(wanted);
        wanted.actions().all(|action| granted.has(action))
    }

    /// The part of `wanted` that is allowed. Whoever asks for `*` gets all that there is.
    pub(crate) fn grant(&self, wanted: &Scope) -> Scope {
        if wanted.is_catalog() {
            return wanted.only(|_| self.catalog);
        }
        let allowed: BTreeSet<&str> = self
            .rules
            .iter()
            .filter(|(prefix, _)| wanted.is_below(prefix))
            .flat_map(|(_, actions)| actions.iter().map(|action| action.as_str()))
            .collect();
        if wanted.has("*") {
            wanted.with_actions(&allowed)
        } else {
            wanted.only(|action| allowed.contains(action))
        }
    }
}

/// What can be done with a repository.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Action {
    /// Deleting manifests, tags and blobs.
    Delete,
    /// Reading and listing.
    Pull,
    /// Writing; a client that pushes reads too, so it needs both.
    Push,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Pull => "pull",
            Self::Push => "push",
        }
    }
}

/// Of equal length for all texts, so that nothing is learned from how long a comparison takes.
fn digest(text: &str) -> String {
    Digest::sha256(text.as_bytes()).to_string()
}
