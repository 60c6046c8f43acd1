use oci_client_core::ErrorKind;
use oci_registry::profile::Profile;
use oci_spec_types::Digest;
use test_support::Recorded;

use crate::round::{Driver as _, Image, Round, TAGS, target};
use crate::site::{Site, basic};

#[test]
fn the_whole_round() {
    let site = Site::new(Profile::quay());
    assert_eq!(
        site.run(&Round::new()),
        "push 6, again 3, manifests 6, pull 8, look 1, attach 5, list 4, detach 5, tags 3, delete 8"
    );
    site.assert_confined();
    let requests = site.recorder.requests();
    // Only who deletes asks for `delete`, which here would make worthless what it comes with.
    let deletion = requests.iter().position(|request| request.method == "DELETE").unwrap();
    let scopes = |requests: &[Recorded]| -> Vec<String> {
        let exchanges = requests.iter().filter(|request| request.path.starts_with("/v2/auth?"));
        let scope = exchanges.map(|request| request.path.split("scope=").nth(1).unwrap().to_owned());
        scope.collect()
    };
    let (before, after) = requests.split_at(deletion - 1);
    assert_eq!(scopes(before), ["repository%3Aacme%2Fapp%3Apull%2Cpush"]);
    assert!(scopes(after).iter().all(|scope| scope.contains("delete")));
    // What a page calls the next one comes back as it was.
    let pages = requests.iter().filter(|request| request.path.contains("next_page="));
    let pages: Vec<_> = pages.map(|request| &*request.path).collect();
    assert_eq!(
        pages,
        [
            "/v2/acme/app/tags/list?next_page=djI%3D",
            "/v2/acme/app/tags/list?next_page=djQ%3D"
        ]
    );
}

#[test]
fn an_older_one_takes_images_only() {
    let site = Site::new(Profile::quay_self_hosted());
    let round = Round {
        refuses_attach: Some(ErrorKind::Refused),
        ..Round::new()
    };
    assert_eq!(
        site.run(&round),
        "push 6, again 3, manifests 6, pull 8, look 2, attach 8, list 4, detach 2, tags 3, delete 13"
    );
}

#[test]
fn the_scope_delete_gives_nothing() {
    let site = Site::new(Profile::quay());
    let authorization = basic(&site.registry.logins().unwrap()[0]);
    for (actions, granted) in [
        ("pull,push", "repository:acme/app:pull,push"),
        ("delete", ""),
        ("delete,pull", ""),
    ] {
        let url = format!("https://quay.io/v2/auth?service=quay.io&scope=repository:acme/app:{actions}");
        let token = site
            .send("GET", &url, &[("authorization", &authorization)], b"")
            .unwrap();
        assert_eq!(token.json()["scope"], granted, "{actions}");
    }
    let reply = site.send("DELETE", "/v2/acme/app/manifests/v1", &[], b"").unwrap();
    assert!(
        reply
            .header("www-authenticate")
            .contains("scope=\"repository:acme/app:pull,push\"")
    );
}

#[test]
fn a_mount_needs_a_source() {
    let site = Site::new(Profile::quay());
    let digest = Digest::sha256(b"x");
    let path = format!("/v2/acme/app/blobs/uploads/?mount={digest}");
    assert_eq!(site.ask("POST", &path, &[], b"").status, 400);
    assert_eq!(site.ask("POST", &format!("{path}&from=acme/app"), &[], b"").status, 202);
}

#[test]
fn pages_have_one_size_and_are_named_by_the_registry() {
    let site = Site::new(Profile::quay());
    let client = site.client();
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    for tag in TAGS {
        client.push_manifest(&target(tag), &image.document).unwrap();
    }
    let first = site.get("/v2/acme/app/tags/list?n=1");
    assert_eq!(first.json()["tags"].as_array().unwrap().len(), 2);
    let link = first.header("link");
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    assert!(
        next.starts_with("/v2/acme/app/tags/list?next_page=") && next.ends_with("%3D"),
        "{link}"
    );
    assert_eq!(site.get(next).json()["tags"], serde_json::json!(["v3", "v4"]));
    for changed in [
        next.replace("%3D", "="),
        next.replace("%3D", "%3d"),
        next.replace("%3D", ""),
    ] {
        assert_eq!(site.get(&changed).status, 400, "{changed}");
    }
}

#[test]
fn content_is_elsewhere_and_the_answer_is_a_page() {
    let site = Site::new(Profile::quay());
    let image = Image::new(1, &[3]);
    image.push_blobs(&site.client());
    let reply = site.get(&format!("/v2/acme/app/blobs/{}", image.blobs[0].0.digest));
    assert_eq!(reply.status, 302);
    assert!(reply.header("content-type").starts_with("text/html"));
    assert!(reply.body.starts_with(b"<!doctype html>"));
    let location = reply.header("location");
    assert!(location.starts_with("https://cdn01.quay.io/"), "{location}");
    assert_eq!(site.send("GET", location, &[], b"").unwrap().body, image.blobs[0].1);
}
