use std::collections::BTreeSet;
use std::fmt;

use oci_spec_types::RepositoryName;

/// Actions on one resource, `repository:NAME:pull,push` ([token scope]).
///
/// [token scope]: https://distribution.github.io/distribution/spec/auth/scope/
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Scope {
    actions: BTreeSet<String>,
    kind: String,
    name: String,
}

impl Scope {
    /// Splits from both ends: the name between may hold a port. `None` if it is no scope.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (resource, actions) = text.rsplit_once(':')?;
        let (kind, name) = resource.split_once(':')?;
        // A class, as in `repository(plugin)`, says what the repository is for.
        let kind = kind.split_once('(').map_or(kind, |(kind, _)| kind);
        let actions = actions.split(',').filter(|action| !action.is_empty());
        Some(Self {
            actions: actions.map(str::to_owned).collect(),
            kind: kind.to_owned(),
            name: name.to_owned(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().map(String::as_str)
    }

    pub(crate) fn has(&self, action: &str) -> bool {
        self.actions.contains(action)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    pub(super) fn is_catalog(&self) -> bool {
        self.kind == REGISTRY && self.name == CATALOG
    }

    pub(super) fn is_repository(&self) -> bool {
        self.kind == REPOSITORY
    }

    /// Whether it allows all that `other` does.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name && other.actions.is_subset(&self.actions)
    }

    #[must_use]
    pub(crate) fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        let mut scope = self.clone();
        scope.actions.retain(|action| keep(action));
        scope
    }

    #[must_use]
    pub(super) fn with_actions<'a>(&self, actions: impl Iterator<Item = &'a str>) -> Self {
        Self {
            actions: actions.map(str::to_owned).collect(),
            ..self.clone()
        }
    }

    /// All of the list of repositories.
    pub(super) fn catalog() -> Self {
        Self {
            actions: BTreeSet::from(["*".to_owned()]),
            kind: REGISTRY.to_owned(),
            name: CATALOG.to_owned(),
        }
    }

    pub(super) fn repository(name: &RepositoryName, actions: &[&str]) -> Self {
        Self {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            kind: REPOSITORY.to_owned(),
            name: name.to_string(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions: Vec<&str> = self.actions().collect();
        write!(formatter, "{}:{}:{}", self.kind, self.name, actions.join(","))
    }
}

/// Scopes as they stand in challenges and token answers.
pub(super) fn list(scopes: &[Scope]) -> String {
    let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    scopes.join(" ")
}

const CATALOG: &str = "catalog";
const REGISTRY: &str = "registry";
const REPOSITORY: &str = "repository";

#[cfg(test)]
mod tests;
