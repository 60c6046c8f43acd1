use oci_registry::profile::Profile;

use crate::round::{Driver as _, Image, Round, target};
use crate::site::{Site, basic};

#[test]
fn the_whole_round() {
    let site = Site::new(Profile::acr());
    assert_eq!(
        site.run(&Round::new()),
        "push 6, again 3, manifests 6, pull 8, look 1, attach 5, list 4, detach 4, tags 3, delete 8"
    );
    site.assert_confined();
    // Blob storage was asked without a credential, and so never refused.
    let refused = site
        .recorder
        .count_where(|request| request.origin.contains("blob.core") && request.status != Some(200));
    assert_eq!(refused, 0);
}

#[test]
fn the_user_of_zeros_has_a_refresh_token_for_a_password() {
    let site = Site::new(Profile::acr());
    assert_eq!(
        site.run_as(1, &Round::new()),
        "push 6, again 3, manifests 6, pull 8, look 1, attach 5, list 4, detach 4, tags 3, delete 8"
    );
}

#[test]
fn an_identity_token_goes_by_post() {
    let site = Site::new(Profile::acr());
    assert_eq!(
        site.run_as(2, &Round::new()),
        "push 6, again 3, manifests 6, pull 8, look 1, attach 5, list 4, detach 4, tags 3, delete 8"
    );
}

#[test]
fn a_password_is_taken_by_get_only() {
    let site = Site::new(Profile::acr());
    let login = &site.registry.logins().unwrap()[0];
    let url = "https://tester.azurecr.io/oauth2/token";
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = b"grant_type=password&username=tester&password=x";
    assert_eq!(site.send("POST", url, &form, body).unwrap().status, 400);
    let by_get = site.send("GET", url, &[("authorization", &basic(login))], b"").unwrap();
    assert_eq!(by_get.status, 200);

    let refresh = site.registry.logins().unwrap().remove(2);
    let oci_client_core::proto::Credential::IdentityToken(token) = refresh else {
        panic!("{refresh:?}");
    };
    let body = format!(
        "grant_type=refresh_token&refresh_token={}&scope=repository:app:pull",
        token.expose()
    );
    let reply = site.send("POST", url, &form, body.as_bytes()).unwrap();
    assert_eq!(reply.json()["scope"], "repository:app:pull");
}

#[test]
fn anonymous_pulls_need_a_token_too() {
    let site = Site::new(Profile::acr());
    let image = Image::new(1, &[3]);
    let writer = site.client_as(Some(0), "public/app");
    image.push_blobs(&writer);
    writer.push_manifest(&target("v1"), &image.document).unwrap();

    site.recorder.clear();
    let reader = site.client_as(None, "public/app");
    reader.manifest(&target("v1")).unwrap();
    assert_eq!(
        site.recorder
            .count_where(|request| request.path.starts_with("/oauth2/token")),
        1
    );
    assert_eq!(site.recorder.requests()[0].status, Some(401));
}

#[test]
fn blobs_are_elsewhere_and_lists_link_relatively() {
    let site = Site::new(Profile::acr());
    let image = Image::new(1, &[3]);
    let client = site.client();
    image.push_blobs(&client);
    let digest = &image.blobs[0].0.digest;
    let reply = site.get(&format!("/v2/app/blobs/{digest}"));
    assert_eq!(reply.status, 307);
    let location = reply.header("location");
    assert!(
        location.starts_with("https://tester.blob.core.windows.net/"),
        "{location}"
    );
    assert_eq!(
        site.send("GET", location, &[("authorization", "Bearer x")], b"")
            .unwrap()
            .status,
        400
    );
    assert_eq!(site.send("GET", location, &[], b"").unwrap().body, image.blobs[0].1);
    let part = site.send("GET", location, &[("range", "bytes=1-2")], b"").unwrap();
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &image.blobs[0].1[1..3]));
    site.wait(601);
    assert_eq!(site.send("GET", location, &[], b"").unwrap().status, 403);

    for tag in ["a", "b", "c"] {
        client.push_manifest(&target(tag), &image.document).unwrap();
    }
    assert!(
        site.get("/v2/app/tags/list")
            .header("link")
            .starts_with("</v2/app/tags/list?")
    );
}
