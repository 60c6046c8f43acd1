//! The list of repositories shows what may be pulled.

use oci_registry::Registry;
use oci_registry::auth::{Access, Action, User, Users};
use oci_spec_types::Digest;
use test_support::SimRuntime;

use crate::site::{Scheme, Site};

/// S17: neither the names nor the links of pages of any size tell of a repository that may not be pulled.
#[test]
fn s17_the_list_of_repositories_shows_those_that_may_be_pulled() {
    for scheme in Scheme::BOTH {
        let site = site(scheme);
        for (name, expected) in [
            (None, vec!["public/a", "public/z"]),
            (Some("reader"), vec!["public/a", "public/z", "team", "team/app"]),
            (Some("pusher"), vec!["public/a", "public/z"]),
            (
                Some("admin"),
                vec![
                    "a", "public/a", "public/z", "secret/x", "secret/y", "team", "team/app", "z",
                ],
            ),
        ] {
            for size in [1, 2, 3, 100] {
                let (found, links) = pages(&site, name, size);
                assert_eq!(found, expected, "{scheme:?} {name:?} {size}");
                let told = links.iter().any(|link| link.contains("secret"));
                assert_eq!(told, name == Some("admin") && size < 3, "{links:?}");
                // No link leads to a page without entries.
                assert_eq!(links.len(), expected.len().div_ceil(size) - 1, "{name:?} {size}");
            }
        }
        let none = site.send_as(Some("admin"), "GET", "/v2/_catalog?n=0", "");
        assert_eq!(none.json()["repositories"], serde_json::json!([]));
    }
}

fn pages(site: &Site, name: Option<&str>, size: usize) -> (Vec<String>, Vec<String>) {
    let (mut found, mut links) = (Vec::new(), Vec::new());
    let mut path = format!("/v2/_catalog?n={size}");
    loop {
        let reply = site.send_as(name, "GET", &path, "");
        assert_eq!(reply.status, 200);
        let names = reply.json()["repositories"].as_array().unwrap().clone();
        found.extend(names.iter().map(|name| name.as_str().unwrap().to_owned()));
        let Some(link) = reply.headers.get("link") else {
            return (found, links);
        };
        let link = link.to_str().unwrap();
        path = link.split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned();
        links.push(link.to_owned());
    }
}

fn site(scheme: Scheme) -> Site {
    let user = |name: &str, access: Access| User::new(name, format!("{name}'s")).with_access(access);
    let users = Users::new()
        .with_anonymous(Access::below("public", &[Action::Pull]).with_catalog())
        .with_user(user("admin", Access::all()))
        .with_user(user("pusher", Access::below("secret", &[Action::Push])))
        .with_user(user("reader", Access::below("team", &[Action::Pull])));
    let site = Site::before(&Registry::in_memory(), scheme, users, &SimRuntime::new());
    for repository in [
        "a", "public/a", "public/z", "secret/x", "secret/y", "team", "team/app", "z",
    ] {
        let path = format!("/v2/{repository}/blobs/uploads/?digest={}", Digest::sha256(b"x"));
        assert_eq!(site.send_as(Some("admin"), "POST", &path, "x").status, 201);
    }
    site
}
