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
    /// `actions` on a repository.
    pub fn repository(name: &RepositoryName, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        Self {
            resource: format!("repository:{name}"),
            actions,
        }
    }
}

impl Scope {
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

    /// Whether a token for `self` allows everything that one for `other` would.
    pub fn covers(&self, other: &Self) -> bool {
        other.actions.iter().all(|(resource, wanted)| {
            self.actions
                .get(resource)
                .is_some_and(|held| held.contains("*") || wanted.is_subset(held))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a06_scopes_split_from_both_ends() {
        for text in [
            "repository:a/b:pull,push",
            "repository:host:5000/a:pull",
            "registry:catalog:*",
            "repository(plugin):a:delete",
        ] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "a",
            "a:b",
            ":b:pull",
            "a::pull",
            "repository:x,y:pull",
            "repository:a:pu ll",
            "repository:a:",
            "repository:a:pull:",
            "repository:a:,",
        ] {
            assert_eq!(text.parse::<Scope>(), Err(InvalidScope), "{text}");
        }
    }

    #[test]
    fn a17_a_narrower_set_never_covers_a_wider_one() {
        let parse = |list: &str| {
            let mut scopes = Scopes::none();
            scopes.add_list(list);
            scopes
        };
        let wide = parse("repository:a:pull,push repository:b:pull");
        assert!(wide.covers(&parse("repository:a:pull")));
        assert!(wide.covers(&parse("repository:b:pull repository:a:push")));
        assert!(!wide.covers(&parse("repository:b:push")));
        assert!(!parse("repository:a:pull").covers(&wide));
        assert!(parse("repository:a:*").covers(&parse("repository:a:delete")));
    }

    #[test]
    fn a16_a_challenge_cannot_grow_the_set_without_bound() {
        let mut scopes = Scopes::none();
        let list: String = (0..100).map(|n| format!("repository:r{n}:pull ")).collect();
        scopes.add_list(&list);
        assert_eq!(scopes.iter().count(), Scopes::MAX_RESOURCES);
        assert!(scopes.to_string().starts_with("repository:r0:pull repository:r1:pull"));
        let name = "a".parse().unwrap();
        assert_eq!(Scopes::repository(&name, &[]), Scopes::none());
    }
}
