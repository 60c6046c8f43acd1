//! An upload is its beginner's: S01.

use oci_registry::Registry;
use oci_registry::auth::{Access, Action, User, Users};
use oci_spec_types::Digest;
use test_support::SimRuntime;

use crate::site::{Scheme, Site};

/// S01: whoever gets to know the location of somebody else's upload can neither see, continue, finish nor cancel it.
#[test]
fn s01_an_upload_goes_on_only_by_whoever_began_it() {
    for scheme in Scheme::BOTH {
        for (owner, others) in [
            (Some("alice"), [Some("bob"), Some("anonymous"), None]),
            (Some("anonymous"), [Some("alice"), Some("bob"), None]),
            (None, [Some("alice"), Some("bob"), Some("anonymous")]),
        ] {
            let site = Site::new(scheme, users());
            let begun = site.send_as(owner, "POST", "/v2/app/blobs/uploads/", "");
            let location = begun.header("location").to_owned();
            assert_eq!(site.send_as(owner, "PATCH", &location, "hello").status, 202);
            let digest = Digest::sha256(b"hello");
            let finish = format!("{location}?digest={digest}");
            for other in others {
                for (method, path) in [
                    ("GET", &location),
                    ("HEAD", &location),
                    ("PATCH", &location),
                    ("PUT", &finish),
                    ("DELETE", &location),
                ] {
                    let status = site.send_as(other, method, path, "x").status;
                    assert_eq!(status, 404, "{scheme:?} {owner:?} {other:?} {method}");
                }
            }
            let elsewhere = location.replace("/v2/app/", "/v2/app2/");
            assert_eq!(site.send_as(owner, "GET", &elsewhere, "").status, 404);
            assert_eq!(site.send_as(owner, "GET", &location, "").header("range"), "0-4");
            assert_eq!(site.send_as(owner, "PUT", &finish, "").status, 201);
        }
    }
}

/// S01: the binding needs no memory, so another process over the same storage keeps to it.
#[test]
fn s01_the_binding_outlives_the_process() {
    let registry = Registry::in_memory();
    let runtime = SimRuntime::new();
    let begun = Site::before(&registry, Scheme::Bearer, users(), &runtime);
    let location = begun.send_as(Some("alice"), "POST", "/v2/app/blobs/uploads/", "");
    let location = location.header("location").to_owned();
    let restarted = Site::before(&registry, Scheme::Basic, users(), &runtime);
    assert_eq!(restarted.send_as(Some("bob"), "GET", &location, "").status, 404);
    assert_eq!(restarted.send_as(Some("alice"), "GET", &location, "").status, 204);
}

fn users() -> Users {
    let write = || Access::below("", &[Action::Pull, Action::Push]);
    let user = |name: &str| User::new(name, format!("{name}'s"));
    Users::new()
        .with_anonymous(write())
        .with_user(user("alice"))
        // Not to be taken for somebody without an account.
        .with_user(user("anonymous"))
        .with_user(user("bob"))
}
