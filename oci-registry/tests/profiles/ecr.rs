use oci_client_core::ErrorKind;
use oci_client_core::proto::Credential;
use oci_registry::profile::Profile;
use oci_spec_types::Digest;

use crate::round::{Driver as _, Image, Round, attached_image, attachment, by_digest, image, target};
use crate::site::{Site, basic};

#[test]
fn the_whole_round() {
    let site = Site::new(Profile::ecr());
    assert_eq!(
        site.run(&Round::new()),
        "push 5, again 4, manifests 6, pull 5, look 2, attach 13, list 4, detach 9, tags 3, delete 11"
    );
    // No token is asked for.
    assert_eq!(site.recorder.count_where(|request| request.path.contains("token")), 0);
}

#[test]
fn a_password_lives_for_twelve_hours() {
    let site = Site::new(Profile::ecr());
    let client = site.client();
    client.tags().unwrap_err();
    let login = &site.registry.logins().unwrap()[0];
    assert!(matches!(login, Credential::Password { username, .. } if username == "AWS"));
    let ask = || {
        site.send("GET", "/v2/", &[("authorization", &basic(login))], b"")
            .unwrap()
            .status
    };
    site.wait(12 * 3600 - 1);
    assert_eq!(ask(), 200);
    site.wait(1);
    assert_eq!(ask(), 401);
    // Each operation asks its source anew.
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
}

#[test]
fn chunks_are_not_reported() {
    let site = Site::new(Profile::ecr());
    let opened = site.ask("POST", "/v2/app/blobs/uploads/", &[], b"");
    let location = opened.header("location").to_owned();
    let first = site.ask("PATCH", &location, &[("content-range", "0-1")], b"ab");
    assert_eq!((first.status.as_u16(), first.header("range")), (201, "0-1"));
    let second = site.ask("PATCH", &location, &[("content-range", "2-4")], b"cde");
    assert_eq!((second.status.as_u16(), second.header("range")), (201, "0-1"));
    site.get(&location).assert_refused(404, "BLOB_UPLOAD_UNKNOWN");
    let back = site.ask("PATCH", &location, &[("content-range", "2-4")], b"cde");
    back.assert_refused(416, "BLOB_UPLOAD_INVALID");
    assert_eq!(
        back.json()["errors"][0]["message"],
        "first byte of the layer part is 2 instead of 5"
    );
    let finish = format!("{location}?digest={}", Digest::sha256(b"abcde"));
    assert_eq!(site.ask("PUT", &finish, &[], b"").status, 201);
}

#[test]
fn a_page_has_a_largest_size() {
    let site = Site::new(Profile::ecr());
    Image::new(1, &[]).push_blobs(&site.client());
    assert_eq!(site.get("/v2/app/tags/list?n=1000").status, 200);
    site.get("/v2/app/tags/list?n=1001").assert_refused(400, "UNSUPPORTED");
}

#[test]
fn repositories_have_to_exist_and_immutable_tags_stay() {
    let site = Site::new(Profile::ecr());
    let image = Image::new(1, &[3]);
    let (config, content) = &image.blobs[0];
    let error = site.client_as(Some(0), "new").push_blob(config, content).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("does not exist in the registry"), "{error}");

    for (repository, again) in [("app", true), ("immutable", false)] {
        let client = site.client_as(Some(0), repository);
        image.push_blobs(&client);
        client.push_manifest(&target("v1"), &image.document).unwrap();
        let pushed = client.push_manifest(&target("v1"), &image.document);
        assert_eq!(pushed.is_ok(), again, "{repository}");
        if let Err(error) = pushed {
            assert_eq!(error.kind(), ErrorKind::Refused);
            assert!(error.to_string().contains("immutable"), "{error}");
        }
        client
            .push_manifest(&by_digest(&image.document), &image.document)
            .unwrap();
    }
}

#[test]
fn a_pushed_manifest_has_a_subject_and_no_location_and_no_referrers() {
    let site = Site::new(Profile::ecr());
    let client = site.client();
    let artifact = attachment("application/x");
    client
        .push_blob(&artifact.value().as_image().unwrap().config, &b"{}".as_slice().into())
        .unwrap();
    let path = format!("/v2/app/manifests/{}", artifact.digest());
    let headers = [("content-type", artifact.media_type().as_str())];
    let reply = site.ask("PUT", &path, &headers, artifact.bytes());
    assert_eq!((reply.status.as_u16(), reply.header("location")), (201, ""));
    let subject = &artifact.value().subject().unwrap().digest;
    assert_eq!(reply.header("oci-subject"), subject.to_string());
    site.get(&format!("/v2/app/referrers/{subject}"))
        .assert_refused(404, "NOT_FOUND");
}

#[test]
fn a_claim_to_list_referrers_is_not_believed_even_by_a_client_that_has_not_asked_yet() {
    let site = Site::new(Profile::ecr());
    let client = site.client();
    let (image, attached) = (image(), attached_image());
    image.push_blobs(&client);
    client.push_manifest(&target("v1"), &image.document).unwrap();
    attached.push_blobs(&client);
    let attach = || client.push_manifest(&by_digest(&attached.document), &attached.document);
    let list = || client.referrers(image.document.digest(), None).unwrap();
    attach().unwrap();
    assert_eq!(list().len(), 1);
    attach().unwrap();
    assert_eq!(list().len(), 1);
}

#[test]
fn only_blobs_of_manifests_are_mounted() {
    let site = Site::new(Profile::ecr());
    let client = site.client();
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    let mount = format!("/v2/other/blobs/uploads/?mount={}&from=app", image.blobs[1].0.digest);
    assert_eq!(site.ask("POST", &mount, &[], b"").status, 202);
    client.push_manifest(&target("v1"), &image.document).unwrap();
    assert_eq!(site.ask("POST", &mount, &[], b"").status, 201);
}
