use oci_client_core::ErrorKind;
use oci_registry::profile::Profile;
use oci_spec_types::TagOrDigest;

use crate::round::{Driver as _, Image, Round, target};
use crate::site::Site;

#[test]
fn the_whole_round_as_a_person_and_as_a_robot() {
    for login in 0..2 {
        let site = Site::new(Profile::harbor());
        assert_eq!(
            site.run_as(login, &Round::new()),
            "push 6, again 3, manifests 6, pull 5, look 1, attach 5, list 4, detach 4, tags 3, delete 8"
        );
        // No cookie comes back.
        assert_eq!(
            site.recorder
                .count_where(|request| request.headers.contains_key("cookie")),
            0
        );
        let account = ["account=tester", "account=robot%24library%2Bci"][login];
        let exchanges = site
            .recorder
            .count_where(|request| request.path.starts_with("/service/token"));
        let named = site.recorder.count_where(|request| request.path.contains(account));
        assert!(exchanges > 0 && named == exchanges, "{account}: {named} of {exchanges}");
    }
}

#[test]
fn a_cookie_that_comes_back_is_refused() {
    let site = Site::new(Profile::harbor());
    let path = "/v2/library/app/blobs/uploads/";
    let opened = site.ask("POST", path, &[], b"");
    assert_eq!(opened.status, 202);
    let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    let refused = site.ask("POST", path, &[("cookie", &cookie)], b"");
    refused.assert_refused(403, "FORBIDDEN");
    assert_eq!(refused.json()["errors"][0]["message"], "CSRF token invalid");
}

#[test]
fn lengths_differ_and_what_is_missing_is_unknown() {
    let site = Site::new(Profile::harbor());
    let client = site.client();
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    client.push_manifest(&target("v1"), &image.document).unwrap();
    let path = "/v2/library/app/manifests/v1";
    let length = |method: &str| site.ask(method, path, &[], b"").header("content-length").to_owned();
    assert_ne!(length("HEAD"), length("GET"));
    client
        .manifest(&TagOrDigest::Digest(image.document.digest().clone()))
        .unwrap();

    site.get("/v2/library/app/manifests/v2").assert_refused(404, "UNKNOWN");
    let error = client.manifest(&target("v2")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[test]
fn policies_are_told_from_missing_manifests() {
    let site = Site::new(Profile::harbor());
    let image = Image::new(1, &[3]);
    let client = site.client_as(Some(0), "quarantine/app");
    image.push_blobs(&client);
    client.push_manifest(&target("v1"), &image.document).unwrap();
    assert_eq!(
        site.ask("HEAD", "/v2/quarantine/app/manifests/v1", &[], b"").status,
        412
    );
    let error = client.manifest(&target("v1")).unwrap_err();
    assert_eq!(error.status().unwrap(), 412);
    assert!(error.to_string().contains("PROJECTPOLICYVIOLATION"), "{error}");
    let resolved = site.runtime.run(client.repository.resolve(&target("v1"))).unwrap_err();
    assert_eq!(resolved.status().unwrap(), 412);

    let (config, content) = &image.blobs[0];
    let error = site
        .client_as(Some(0), "proxy/app")
        .push_blob(config, content)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(error.to_string().contains("proxy project"), "{error}");
}
