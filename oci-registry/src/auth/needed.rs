//! What a request needs before it goes on to the registry.

use http::uri::{PathAndQuery, Uri};
use http::{Method, Request};
use oci_client_core::transport::Body;
use oci_spec_types::RepositoryName;

use super::scope::Scope;
use crate::error::ApiError;
use crate::query::{Query, decode};
use crate::routes::Route;

/// The actions that a request is made of.
pub(super) struct Needed {
    /// Why the request is none of the API, so that nothing behind may see it: what it would be taken for there nobody has judged.
    pub(super) error: Option<ApiError>,
    /// Without these it is refused. Empty if it is about no repository, such as `/v2/`.
    pub(super) scopes: Vec<Scope>,
    /// What may be left out of it.
    pub(super) source: Source,
}

/// From where a blob is to be mounted: what is in that repository may not be for everybody to know.
pub(super) enum Source {
    /// No repository has this name.
    Invalid,
    /// From no other repository.
    None,
    /// From the one in the scope, by pulling.
    Other(Scope),
}

impl Needed {
    /// `deletes` is what deleting needs.
    pub(super) fn by(request: &Request<Body>, deletes: &[&str]) -> Self {
        let method = request.method();
        let parsed = Route::parse(method, request.uri().path())
            .and_then(|route| Ok((route, Query::parse(request.uri().query())?)));
        let (route, query) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                return Self {
                    error: Some(error),
                    scopes: Vec::new(),
                    source: Source::None,
                };
            }
        };
        let source = match &route {
            Route::Uploads(_) => source(&query),
            _ => Source::None,
        };
        Self {
            error: None,
            scopes: scopes(&route, method, deletes),
            source,
        }
    }

    /// What to ask a token for.
    pub(super) fn wanted(&self) -> Vec<Scope> {
        let mut wanted = self.scopes.clone();
        if let Source::Other(scope) = &self.source {
            wanted.push(scope.clone());
        }
        wanted
    }
}

/// Takes the mount out of a request: it begins an upload, as if there were nothing to mount.
pub(super) fn leave_mount_out(request: &mut Request<Body>) {
    let names_mount = |pair: &&str| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        decode(name).is_some_and(|name| name == "mount" || name == "from")
    };
    let uri = request.uri();
    let pairs = uri.query().unwrap_or_default().split('&');
    let kept: Vec<&str> = pairs.filter(|pair| !names_mount(pair)).collect();
    let target = format!("{}?{}", uri.path(), kept.join("&"));
    let mut parts = uri.clone().into_parts();
    let target: PathAndQuery = target
        .trim_end_matches('?')
        .parse()
        .expect("a path and a part of its query");
    parts.path_and_query = Some(target);
    *request.uri_mut() = Uri::from_parts(parts).expect("parts of a URI");
}

fn scopes(route: &Route, method: &Method, deletes: &[&str]) -> Vec<Scope> {
    match route {
        Route::Base => Vec::new(),
        Route::Blob(name, _) | Route::Manifest(name, _) | Route::Referrers(name, _) | Route::Tags(name) => {
            vec![match *method {
                Method::DELETE => Scope::repository(name, deletes),
                Method::GET | Method::HEAD => Scope::repository(name, &["pull"]),
                _ => Scope::repository(name, PUSH),
            }]
        }
        Route::Catalog => vec![Scope::catalog()],
        Route::Upload(name, _) | Route::Uploads(name) => vec![Scope::repository(name, PUSH)],
    }
}

fn source(query: &Query) -> Source {
    let Some(from) = query.first("mount").and_then(|_| query.first("from")) else {
        return Source::None;
    };
    // Of several, what stands behind may take another one than was judged here.
    let is_only_one = query.all("from").nth(1).is_none();
    match from.parse::<RepositoryName>() {
        Ok(from) if is_only_one => Source::Other(Scope::repository(&from, &["pull"])),
        Ok(_) | Err(_) => Source::Invalid,
    }
}

const PUSH: &[&str] = &["pull", "push"];

#[cfg(test)]
mod tests;
