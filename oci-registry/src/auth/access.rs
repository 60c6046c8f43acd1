use std::collections::BTreeSet;

use oci_spec_types::RepositoryName;

use super::scope::Scope;

/// What somebody may do: actions on repositories, and whether they may list them.
///
/// Nothing is allowed that no rule allows, and no rule takes away what another one allows.
///
/// ```
/// use oci_registry::auth::{Access, Action};
///
/// let access = Access::below("team", &[Action::Pull, Action::Push])
///     .and_on("tools/lint".parse()?, &[Action::Pull])
///     .with_catalog();
/// assert!(access.allows(Action::Push, &"team/app".parse()?));
/// assert!(access.allows(Action::Pull, &"tools/lint".parse()?));
/// assert!(!access.allows(Action::Pull, &"tools/lint/old".parse()?));
/// assert!(!access.allows(Action::Delete, &"team/app".parse()?));
/// # Ok::<(), oci_spec_types::InvalidRepositoryName>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Access {
    catalog: bool,
    rules: Vec<Rule>,
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
        Self::below("", &[Action::Delete, Action::Pull, Action::Push]).with_catalog()
    }

    /// `actions` on the repository `prefix` and on all whose names go on after it with a `/`; an empty prefix stands for every repository.
    pub fn below(prefix: impl Into<String>, actions: &[Action]) -> Self {
        Self::none().and_below(prefix, actions)
    }

    /// `actions` on one repository, and not on those below it.
    pub fn on(repository: RepositoryName, actions: &[Action]) -> Self {
        Self::none().and_on(repository, actions)
    }

    /// Adds what [`below`](Self::below) allows.
    #[must_use]
    pub fn and_below(self, prefix: impl Into<String>, actions: &[Action]) -> Self {
        self.and(Repositories::Below(prefix.into()), actions)
    }

    /// Adds what [`on`](Self::on) allows.
    #[must_use]
    pub fn and_on(self, repository: RepositoryName, actions: &[Action]) -> Self {
        self.and(Repositories::One(repository), actions)
    }

    /// Adds the list of repositories. It shows those that may be pulled, and no others.
    #[must_use]
    pub const fn with_catalog(mut self) -> Self {
        self.catalog = true;
        self
    }

    /// Whether `action` may be performed on `repository`.
    pub fn allows(&self, action: Action, repository: &RepositoryName) -> bool {
        self.allows_on(action, repository.as_str())
    }

    /// Whether nothing at all is allowed.
    pub(super) fn is_none(&self) -> bool {
        !self.catalog && self.rules.iter().all(|rule| rule.actions.is_empty())
    }

    /// Whether the resource that `scope` names allows `action`. All decisions are made here.
    pub(super) fn allows_in(&self, scope: &Scope, action: &str) -> bool {
        if scope.is_catalog() {
            return self.catalog;
        }
        let action = Action::ALL.into_iter().find(|known| known.as_str() == action);
        scope.is_repository() && action.is_some_and(|action| self.allows_on(action, scope.name()))
    }

    fn allows_on(&self, action: Action, repository: &str) -> bool {
        let allows = |rule: &Rule| rule.actions.contains(&action) && rule.repositories.contain(repository);
        self.rules.iter().any(allows)
    }

    fn and(mut self, repositories: Repositories, actions: &[Action]) -> Self {
        self.rules.push(Rule {
            actions: actions.iter().copied().collect(),
            repositories,
        });
        self
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
    pub(super) const ALL: [Self; 3] = [Self::Delete, Self::Pull, Self::Push];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Pull => "pull",
            Self::Push => "push",
        }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Rule {
    actions: BTreeSet<Action>,
    repositories: Repositories,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Repositories {
    Below(String),
    One(RepositoryName),
}

impl Repositories {
    fn contain(&self, name: &str) -> bool {
        match self {
            Self::Below(prefix) => name
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/')),
            Self::One(repository) => repository.as_str() == name,
        }
    }
}
