use std::collections::BTreeSet;
use std::fmt;

use http::{Method, Request};
use oci_spec_types::RepositoryName;

use crate::query::Query;
use crate::routes::Route;

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
    /// What a request needs: nothing if it is about no repository, such as `/v2/`; `deletes` if it deletes.
    pub(super) fn needed<B>(request: &Request<B>, deletes: &[&str]) -> Vec<Self> {
        let method = request.method();
        let Ok(route) = Route::parse(method, request.uri().path()) else {
            return Vec::new();
        };
        match route {
            Route::Base => Vec::new(),
            Route::Blob(name, _) | Route::Manifest(name, _) | Route::Referrers(name, _) | Route::Tags(name) => {
                vec![match *method {
                    Method::DELETE => Self::repository(&name, deletes),
                    Method::GET | Method::HEAD => Self::repository(&name, &["pull"]),
                    _ => Self::repository(&name, PUSH),
                }]
            }
            Route::Catalog => vec![Self {
                actions: BTreeSet::from(["*".to_owned()]),
                kind: REGISTRY.to_owned(),
                name: CATALOG.to_owned(),
            }],
            Route::Upload(name, _) => vec![Self::repository(&name, PUSH)],
            Route::Uploads(name) => {
                let mut needed = vec![Self::repository(&name, PUSH)];
                needed.extend(mounted_from(request).map(|from| Self::repository(&from, &["pull"])));
                needed
            }
        }
    }

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

    /// Whether it is about the repository `prefix` or one below it.
    pub(super) fn is_below(&self, prefix: &str) -> bool {
        let rest = self.name.strip_prefix(prefix);
        self.kind == REPOSITORY
            && rest.is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
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
    pub(super) fn with_actions(&self, actions: &BTreeSet<&str>) -> Self {
        Self {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            ..self.clone()
        }
    }

    fn repository(name: &RepositoryName, actions: &[&str]) -> Self {
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

/// The repository from which a blob is to be mounted: what is in it may not be for everybody to know.
fn mounted_from<B>(request: &Request<B>) -> Option<RepositoryName> {
    let query = Query::parse(request.uri().query()).ok()?;
    query.first("mount")?;
    query.first("from")?.parse().ok()
}

const CATALOG: &str = "catalog";
const PUSH: &[&str] = &["pull", "push"];
const REGISTRY: &str = "registry";
const REPOSITORY: &str = "repository";

#[cfg(test)]
mod tests;
