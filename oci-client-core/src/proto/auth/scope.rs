use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use oci_spec_types::RepositoryName;

/// What a token is asked to allow: actions on one resource, `repository:NAME:pull,push` ([Docker token scope]).
///
/// [Docker token scope]: https://distribution.github.io/distribution/spec/auth/scope/
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope {
    resource: String,
    actions: BTreeSet<String>,
}

impl Scope {
    /// The list of all repositories: `registry:catalog:*`.
    pub fn catalog() -> Self {
        Self {
            resource: "registry:catalog".to_owned(),
            actions: BTreeSet::from([ALL.to_owned()]),
        }
    }

    /// `actions` on a repository.
    pub fn repository(name: &RepositoryName, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        Self {
            resource: format!("repository:{name}"),
            actions,
        }
    }

    /// The longest scope that is read, in bytes.
    pub const MAX_LEN: usize = 1024;
}

impl FromStr for Scope {
    type Err = InvalidScope;

    /// Splits from both ends: the name between may hold a port.
    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        if text.len() > Self::MAX_LEN {
            return Err(InvalidScope);
        }
        let (resource, actions) = text.rsplit_once(':').ok_or(InvalidScope)?;
        let (kind, name) = resource.split_once(':').ok_or(InvalidScope)?;
        let printable = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable(kind) || !printable(name) || name.contains(',') {
            return Err(InvalidScope);
        }
        let actions: BTreeSet<String> = actions
            .split(',')
            .filter(|action| !action.is_empty())
            .map(str::to_owned)
            .collect();
        if actions.is_empty() || !actions.iter().all(|action| printable(action)) {
            return Err(InvalidScope);
        }
        Ok(Self {
            resource: resource.to_owned(),
            actions,
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.resource)?;
        let mut separator = ':';
        for action in &self.actions {
            write!(formatter, "{separator}{action}")?;
            separator = ',';
        }
        Ok(())
    }
}

/// A text that is not a scope of the form `TYPE:NAME:ACTION,ACTION`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a scope of the form `TYPE:NAME:ACTION,ACTION`")]
#[non_exhaustive]
pub struct InvalidScope;

/// A set of scopes, one per resource. The first resource added stays first: some token servers read no other.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    order: Vec<String>,
    actions: BTreeMap<String, BTreeSet<String>>,
}

impl Scopes {
    /// No scope at all: whatever the challenge asks for.
    pub const fn none() -> Self {
        Self {
            order: Vec::new(),
            actions: BTreeMap::new(),
        }
    }

    /// `actions` on one repository.
    pub fn repository(name: &RepositoryName, actions: &[&str]) -> Self {
        let mut scopes = Self::none();
        scopes.add(Scope::repository(name, actions));
        scopes
    }

    /// Adds `scope`, merging it with what is there for the same resource. Beyond [`MAX_RESOURCES`](Self::MAX_RESOURCES) it is dropped, and so is one without
    /// actions, which asks for nothing.
    pub fn add(&mut self, scope: Scope) {
        if scope.actions.is_empty() {
            return;
        }
        if !self.actions.contains_key(&scope.resource) {
            if self.order.len() == Self::MAX_RESOURCES {
                return;
            }
            self.order.push(scope.resource.clone());
        }
        self.actions.entry(scope.resource).or_default().extend(scope.actions);
    }

    /// Adds every well-formed scope of a challenge's space-separated list.
    pub fn add_list(&mut self, list: &str) {
        list.split_ascii_whitespace()
            .filter_map(|text| text.parse().ok())
            .for_each(|scope| self.add(scope));
    }

    /// Whether there is a scope for the same resource as `scope`.
    pub(crate) fn mentions(&self, scope: &Scope) -> bool {
        self.actions.contains_key(&scope.resource)
    }

    /// Whether `action` is wanted of any resource.
    pub(crate) fn asks_for(&self, action: &str) -> bool {
        self.actions.values().any(|actions| actions.contains(action))
    }

    /// The same with every action on whatever is to be deleted or deleted from: some registries know no finer right to delete.
    pub(crate) fn with_all_for_delete(&self) -> Self {
        let mut wider = self.clone();
        for actions in wider.actions.values_mut().filter(|actions| actions.contains(DELETE)) {
            *actions = BTreeSet::from([ALL.to_owned()]);
        }
        wider
    }

    /// Whether a token for `self` allows everything that one for `other` would.
    pub fn covers(&self, other: &Self) -> bool {
        other.actions.iter().all(|(resource, wanted)| {
            self.actions
                .get(resource)
                .is_some_and(|held| held.contains(ALL) || wanted.is_subset(held))
        })
    }

    /// The scopes, in the order in which their resources were added.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.order.iter().filter_map(|resource| {
            let actions = self.actions.get(resource)?.clone();
            Some(Scope {
                resource: resource.clone(),
                actions,
            })
        })
    }

    /// The most resources in one set; a challenge cannot make it grow further.
    pub const MAX_RESOURCES: usize = 8;
}

impl PartialEq for Scopes {
    fn eq(&self, other: &Self) -> bool {
        self.actions == other.actions
    }
}

impl Eq for Scopes {}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            let separator = if position == 0 { "" } else { " " };
            write!(formatter, "{separator}{scope}")?;
        }
        Ok(())
    }
}

/// The action that stands for all of them.
const ALL: &str = "*";

/// The action that deletes.
pub(crate) const DELETE: &str = "delete";

#[cfg(test)]
mod tests;
