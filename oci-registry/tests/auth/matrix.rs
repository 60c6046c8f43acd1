//! Every method on every route by everybody: S18.

use async_trait::async_trait;
use http::{Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::Registry;
use oci_registry::auth::{Access, Action, Caller, User, Users};
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};
use test_support::SimRuntime;

use crate::site::{Scheme, Site};

/// S18: one rule for each principal, whatever the route, and what was refused has not happened.
#[test]
fn s18_everybody_can_do_what_the_rules_say_and_nothing_else() {
    for scheme in Scheme::BOTH {
        for (name, rules) in PRINCIPALS {
            for repository in ["team/app", "team/app/sub", "team", "teams", "other"] {
                check(scheme, *name, rules, repository);
            }
        }
    }
}

/// All that is refused comes first: the repository is then as it was.
fn check(scheme: Scheme, name: Option<&str>, rules: Rules, repository: &str) {
    let registry = Registry::in_memory();
    let runtime = SimRuntime::new();
    let site = Site::before(&registry, scheme, principals(), &runtime);
    let owner = Site::before(&registry, Scheme::Basic, principals(), &runtime);
    fill(&owner, repository);
    let before = inventory(&owner, repository);
    let allowed: String = rules
        .iter()
        .filter(|(pattern, _)| *pattern == "*" || *pattern == repository)
        .flat_map(|(_, actions)| actions.chars())
        .collect();
    let is_allowed = |route: &Case| route.needs.chars().all(|action| allowed.contains(action));
    let (may, may_not): (Vec<_>, Vec<_>) = routes(repository).into_iter().partition(is_allowed);
    for route in may_not {
        check_refused(&site, scheme, name, repository, &route);
    }
    assert_eq!(
        inventory(&owner, repository),
        before,
        "{scheme:?} {name:?} {repository}"
    );
    for Case { method, path, .. } in may {
        let status = site.send_as(name, method, &path, "").status.as_u16();
        assert!(
            !matches!(status, 401 | 403),
            "{scheme:?} {name:?} {method} {path}: {status}"
        );
    }
}

fn check_refused(site: &Site, scheme: Scheme, name: Option<&str>, repository: &str, route: &Case) {
    let reply = site.send_as(name, route.method, &route.path, "");
    let case = format!("{scheme:?} {name:?} {} {}", route.method, route.path);
    let refused = if scheme == Scheme::Basic && name.is_some() {
        403
    } else {
        401
    };
    assert_eq!(reply.status, refused, "{case}");
    if refused == 401 {
        let expected = match scheme {
            Scheme::Basic => "Basic realm=\"the registry\"".to_owned(),
            Scheme::Bearer => format!(
                "Bearer realm=\"https://registry.test/token\",service=\"registry.test\",scope=\"{}\",error=\"insufficient_scope\"",
                scope(repository, route)
            ),
        };
        assert_eq!(reply.challenge(), expected, "{case}");
    }
}

/// S18: a tag is no less deleted than a digest, and neither by whoever may only push.
#[test]
fn s18_deleting_a_tag_and_deleting_a_digest_need_the_same() {
    for scheme in Scheme::BOTH {
        let site = Site::new(scheme, principals());
        fill(&site, "team/app");
        let digest = Digest::sha256(&manifest());
        for reference in ["v1".to_owned(), digest.to_string()] {
            let path = format!("/v2/team/app/manifests/{reference}");
            for name in [None, Some("reader"), Some("writer")] {
                let status = site.send_as(name, "DELETE", &path, "").status.as_u16();
                assert!(matches!(status, 401 | 403), "{name:?} {path} {status}");
            }
            assert_eq!(site.send_as(Some("janitor"), "DELETE", &path, "").status, 202);
        }
    }
}

/// S18: what the registry does not know as a part of its API is answered by the gate, whatever stands behind it.
#[test]
fn s18_paths_that_are_none_of_the_api_get_no_further() {
    for scheme in Scheme::BOTH {
        let site = Site::before(&Generous, scheme, principals(), &SimRuntime::new());
        let known = site.send_as(Some("reader"), "GET", "/v2/team/app/tags/list", "");
        assert_eq!(known.status, 200);
        for path in [
            "/v2/other/manifests/v1/",
            "/v2//other/manifests/v1",
            "/v2/./other/manifests/v1",
            "/v2/team/../other/manifests/v1",
            "/v2/team%2F..%2Fother/manifests/v1",
            "/v2/team%2fapp/manifests/v1",
            "/V2/other/manifests/v1",
            "/v2/other/manifests/v1%00",
            "/v2/other/_extension/x",
            "/",
            "/v1/search",
        ] {
            let anonymous = site.send("GET", path, "", "");
            assert_eq!(anonymous.status, 401, "{path}");
            let reply = site.send_as(Some("reader"), "GET", path, "");
            assert!(matches!(reply.status.as_u16(), 400 | 404), "{path} {}", reply.status);
        }
    }
}

#[test]
fn rules_of_all_kinds_add_up_and_decide_alike() {
    let every: Vec<_> = [Action::Delete, Action::Pull, Action::Push].into();
    for (access, pull, push, delete) in [
        (Access::none(), "", "", ""),
        (Access::all(), "a a/b ab c", "a a/b ab c", "a a/b ab c"),
        (Access::below("a", &[Action::Pull]), "a a/b", "", ""),
        (Access::on("a".parse().unwrap(), &every), "a", "a", "a"),
        (
            Access::on("a".parse().unwrap(), &[Action::Push]).and_below("", &[Action::Pull]),
            "a a/b ab c",
            "a",
            "",
        ),
        (Access::below("a/", &[Action::Pull]), "", "", ""),
        (Access::below("a/b", &[]).with_catalog(), "", "", ""),
    ] {
        let caller = Caller::anonymous(access.clone());
        for (action, names) in [(Action::Pull, pull), (Action::Push, push), (Action::Delete, delete)] {
            let allowed: Vec<_> = ["a", "a/b", "ab", "c"]
                .into_iter()
                .filter(|name| access.allows(action, &name.parse().unwrap()))
                .collect();
            assert_eq!(allowed.join(" "), names, "{access:?} {action:?}");
            for name in ["a", "a/b", "ab", "c"] {
                assert_eq!(caller.may(action, &name.parse().unwrap()), allowed.contains(&name));
            }
        }
    }
}

/// It answers everything that gets to it.
#[derive(Clone)]
struct Generous;

#[async_trait]
impl Transport for Generous {
    async fn send(&self, _: Request<Body>) -> Result<Response<Body>, TransportError> {
        Ok(Response::new(Body::empty()))
    }
}

/// Who there is, and what each may do: `r`ead, `w`rite, `d`elete, `l`ist repositories.
const PRINCIPALS: &[(Option<&str>, Rules)] = &[
    (None, &[("other", "r")]),
    (Some("guest"), &[("other", "r"), ("team", "r")]),
    (
        Some("reader"),
        &[("other", "r"), ("team", "r"), ("team/app", "r"), ("team/app/sub", "r")],
    ),
    (
        Some("writer"),
        &[
            ("other", "r"),
            ("team", "rw"),
            ("team/app", "rw"),
            ("team/app/sub", "rw"),
        ],
    ),
    (Some("single"), &[("other", "r"), ("team", "r"), ("team/app", "rw")]),
    (Some("janitor"), &[("*", "rd")]),
    (Some("admin"), &[("*", "rwdl")]),
];

/// A repository, or `*` for all of them, and what may be done with it.
type Rules = &'static [(&'static str, &'static str)];

/// The same, as the registry is told.
fn principals() -> Users {
    let user = |name: &str, access| User::new(name, format!("{name}'s")).with_access(access);
    let write = &[Action::Pull, Action::Push];
    Users::new()
        .with_anonymous(Access::below("other", &[Action::Pull]))
        .with_any_user(Access::on("team".parse().unwrap(), &[Action::Pull]))
        .with_user(user("admin", Access::all()))
        .with_user(user("guest", Access::none()))
        .with_user(user("janitor", Access::below("", &[Action::Pull, Action::Delete])))
        .with_user(user("reader", Access::below("team", &[Action::Pull])))
        .with_user(user("single", Access::on("team/app".parse().unwrap(), write)))
        .with_user(user("writer", Access::below("team", write)))
}

struct Case {
    method: &'static str,
    needs: &'static str,
    path: String,
}

fn routes(repository: &str) -> Vec<Case> {
    let manifest = Digest::sha256(&manifest());
    let blob = Digest::sha256(b"{}");
    let id = "0".repeat(32);
    let mut routes = Vec::new();
    let mut add = |path: &str, methods: &[(&'static str, &'static str)]| {
        for (method, needs) in methods {
            routes.push(Case {
                method,
                needs,
                path: format!("/v2/{repository}/{path}"),
            });
        }
    };
    let read = &[("GET", "r"), ("HEAD", "r")];
    let stored = &[
        ("GET", "r"),
        ("HEAD", "r"),
        ("PUT", "rw"),
        ("DELETE", "d"),
        ("POST", "rw"),
        ("PATCH", "rw"),
    ];
    let session = &[
        ("GET", "rw"),
        ("HEAD", "rw"),
        ("PATCH", "rw"),
        ("PUT", "rw"),
        ("DELETE", "rw"),
    ];
    add("manifests/v1", stored);
    add(&format!("manifests/{manifest}"), stored);
    add(&format!("manifests/{manifest}?tag=v2"), &[("PUT", "rw")]);
    add(&format!("blobs/{blob}"), stored);
    add(&format!("referrers/{manifest}"), read);
    add("tags/list?n=1", read);
    add("blobs/uploads/", &[("POST", "rw"), ("GET", "rw")]);
    add(&format!("blobs/uploads/?digest={blob}"), &[("POST", "rw")]);
    add(
        &format!("blobs/uploads/?mount={blob}&from={repository}"),
        &[("POST", "rw")],
    );
    add(&format!("blobs/uploads/{id}"), session);
    if repository == "other" {
        for method in ["GET", "HEAD"] {
            let path = "/v2/_catalog".to_owned();
            routes.push(Case {
                method,
                needs: "l",
                path,
            });
        }
    }
    routes
}

/// What a challenge asks for.
fn scope(repository: &str, route: &Case) -> String {
    if route.needs == "l" {
        return "registry:catalog:*".to_owned();
    }
    let actions: Vec<_> = [('d', "delete"), ('r', "pull"), ('w', "push")]
        .into_iter()
        .filter(|(short, _)| route.needs.contains(*short))
        .map(|(_, action)| action)
        .collect();
    let scope = format!("repository:{repository}:{}", actions.join(","));
    if route.path.contains("from=") {
        format!("{scope} repository:{repository}:pull")
    } else {
        scope
    }
}

fn fill(site: &Site, repository: &str) {
    let blob = Digest::sha256(b"{}");
    let path = format!("/v2/{repository}/blobs/uploads/?digest={blob}");
    assert_eq!(site.send_as(Some("admin"), "POST", &path, "{}").status, 201);
    let authorization = site.authorization(Some("admin"), &format!("repository:{repository}:pull,push"));
    let body = String::from_utf8(manifest()).unwrap();
    let path = format!("/v2/{repository}/manifests/v1");
    let put = site.send_typed("PUT", &path, &authorization, &body, MediaType::IMAGE_MANIFEST.as_str());
    assert_eq!(put.status, 201);
}

/// What a repository has.
fn inventory(site: &Site, repository: &str) -> Vec<Vec<u8>> {
    let digest = Digest::sha256(&manifest());
    let paths = [
        format!("/v2/{repository}/tags/list"),
        format!("/v2/{repository}/manifests/{digest}"),
        format!("/v2/{repository}/manifests/v1"),
        format!("/v2/{repository}/blobs/{}", Digest::sha256(b"{}")),
        "/v2/_catalog".to_owned(),
    ];
    let get = |path: &String| site.send_as(Some("admin"), "GET", path, "").body.to_vec();
    paths.iter().map(get).collect()
}

fn manifest() -> Vec<u8> {
    let config = Descriptor::of(MediaType::IMAGE_CONFIG, b"{}");
    serde_json::to_vec(&ImageManifest::new(config, Vec::new())).unwrap()
}
