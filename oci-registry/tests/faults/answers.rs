//! Answers that the registry has not given, and detours.

use std::sync::Arc;

use oci_client_core::runtime::ThreadRuntime;
use oci_registry::Registry;
use oci_registry::auth::{Access, Action, Protected, User, Users};
use oci_registry::profile::Profile;
use oci_spec_types::Digest;

use crate::site::{End, Site};

#[test]
fn p07_refusals_come_in_bursts_and_the_registry_never_sees_the_request() {
    let site = Site::new("PUT nth=2-3: status=503");
    let seen: Vec<u16> = (0..4)
        .map(|number| site.put_manifest(&format!("v{number}")).status)
        .collect();
    assert_eq!(seen, [201, 503, 503, 201]);
    let tags = site.send("GET", "/v2/app/tags/list", &[], b"");
    assert_eq!(tags.text(), r#"{"name":"app","tags":["a","b","c","v0","v3"]}"#);
    site.assert_log(&["PUT status=503", "PUT status=503"]);
}

#[test]
fn p06_429_says_when_to_come_back_in_each_form() {
    for (fault, expected) in [
        ("too-many-requests", ""),
        ("too-many-requests=1500ms", "2"),
        ("too-many-requests=0s", "0"),
        // The clock of the simulation begins at 2027-01-15T08:00:00Z.
        ("too-many-requests=date+90s", "Fri, 15 Jan 2027 08:01:30 GMT"),
    ] {
        let site = Site::new(fault);
        let seen = site.pull();
        assert_eq!((seen.status, seen.header("retry-after")), (429, expected), "{fault}");
        assert!(seen.text().contains("TOOMANYREQUESTS"), "{}", seen.text());
        assert_eq!(site.faults.log().len(), 1);
    }
}

#[test]
fn p05_a_401_in_mid_upload_leaves_the_session_as_it_is() {
    let site = Site::new("PATCH upload nth=2: unauthorized");
    let upload = site.open();
    let send = |content: &[u8]| site.send("PATCH", &upload, &[], content);
    assert_eq!(send(b"one").status, 202);
    let refused = send(b"two");
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("www-authenticate"), "Basic realm=\"registry\"");
    let again = send(b"two");
    assert_eq!((again.status, again.header("range")), (202, "0-5"));
    site.assert_log(&["PATCH unauthorized"]);
}

/// A registry that has a challenge of its own gives that.
#[test]
fn a_401_is_that_of_the_registry() {
    let registry = Profile::docker_hub().start(Registry::in_memory(), Arc::new(ThreadRuntime::new()));
    let site = Site::with(registry, "unauthorized");
    let refused = site.send(
        "GET",
        "https://registry-1.docker.io/v2/",
        &[("authorization", "Bearer x")],
        b"",
    );
    assert_eq!(refused.status, 401);
    let challenge = refused.header("www-authenticate");
    assert!(
        challenge.starts_with("Bearer realm=\"https://auth.docker.io/token\""),
        "{challenge}"
    );
    site.assert_log(&["GET unauthorized"]);
}

#[test]
fn p16_a_page_for_people_in_place_of_an_answer() {
    let site = Site::new("manifest: page");
    let seen = site.send("GET", "/v2/app/manifests/a", &[], b"");
    assert_eq!(
        (seen.status, seen.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert!(seen.text().starts_with("<!doctype html>"));
    let head = site.send("HEAD", "/v2/app/manifests/a", &[], b"");
    assert_eq!((head.status, head.text()), (200, ""));
    site.assert_log(&["GET page", "HEAD page"]);
}

#[test]
fn p03_success_comes_early_or_in_other_numbers() {
    for (fault, stored, status) in [
        ("PUT: early=201", false, 201),
        ("PUT: early=202", false, 202),
        ("PUT: success=200", true, 200),
        ("PUT: success=202", true, 202),
        ("PUT: success=204", true, 204),
    ] {
        let site = Site::new(fault);
        assert_eq!(site.put_manifest("new").status, status, "{fault}");
        let found = site.send("GET", "/v2/app/manifests/new", &[], b"").status == 200;
        assert_eq!(found, stored, "{fault}");
        assert_eq!(site.faults.log().len(), 1, "{fault}");
    }
    // What fails, fails as ever, and what is answered so anyway is no fault.
    let site = Site::new("PUT: success=201");
    assert_eq!(site.send("PUT", "/v2/app/manifests/new", &[], b"{}").status, 400);
    assert_eq!(site.put_manifest("new").status, 201);
    site.assert_log(&[]);
}

#[test]
fn readers_of_blobs_are_sent_elsewhere_and_are_to_leave_their_credential_behind() {
    for status in [301, 302, 303, 307, 308] {
        let site = Site::new(&format!("redirect={status}"));
        let sent = site.send("GET", &site.blob_path(), &[("authorization", "Bearer x")], b"");
        assert_eq!((sent.status, sent.text()), (status, ""));
        let there = sent.header("location").to_owned();
        assert!(there.starts_with("https://elsewhere.invalid/"), "{there}");
        let part = site.send("GET", &there, &[("range", "bytes=10-19")], b"");
        assert_eq!((part.status, &part.body), (206, &site.blob.slice(10..20)));
        assert_eq!(
            site.send("GET", &there, &[("authorization", "Bearer x")], b"").status,
            400
        );
        assert_eq!(
            site.send("GET", "https://elsewhere.invalid/elsewhere/7", &[], b"")
                .status,
            403
        );
        site.assert_log(&[&format!("GET redirect={status}")]);
    }
    let site = Site::new("redirect=307");
    let absent = site
        .blob_path()
        .replace("sha256:", "sha256:0000")
        .split_at(85)
        .0
        .to_owned();
    let seen = site.send("GET", &absent, &[], b"");
    assert_eq!((seen.status, seen.end), (404, End::Clean));
    site.assert_log(&[]);
}

/// The URL stands for what its owner may read, though who follows it shows nothing.
#[test]
fn a_redirect_is_good_without_the_credential() {
    let clock = Arc::new(ThreadRuntime::new());
    let owner = User::new("owner", "secret".to_owned());
    let owner = owner.with_access(Access::below("app", &[Action::Pull, Action::Push]));
    let registry = Protected::basic(Registry::in_memory(), Users::new().with_user(owner), "test", clock);
    let site = Site::with(registry, "redirect=307");
    let login = ("authorization", "Basic b3duZXI6c2VjcmV0");
    let push = format!("/v2/app/blobs/uploads/?digest={}", Digest::sha256(&site.blob));
    assert_eq!(site.send("POST", &push, &[login], &site.blob).status, 201);
    // Who may not read is not sent anywhere.
    assert_eq!(site.pull().status, 401);
    let sent = site.send("GET", &site.blob_path(), &[login], b"");
    assert_eq!(sent.status, 307);
    let there = sent.header("location");
    assert!(!there.contains("b3duZXI6c2VjcmV0"), "{there}");
    assert_eq!(site.send("GET", there, &[], b"").body, site.blob);
    site.assert_log(&["GET redirect=307"]);
}
