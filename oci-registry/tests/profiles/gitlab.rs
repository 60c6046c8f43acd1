use oci_client_core::ErrorKind;
use oci_registry::profile::Profile;

use crate::round::{Driver as _, Image, Round, attached_image, attachment, by_digest, image, target};
use crate::site::Site;

const REPOSITORY: &str = "group/project/app";

#[test]
fn the_whole_round() {
    let site = Site::new(Profile::gitlab());
    assert_eq!(
        site.run(&Round::new()),
        "push 6, again 3, manifests 6, pull 5, look 2, attach 13, list 4, detach 10, tags 3, delete 11"
    );
    assert!(
        site.recorder
            .count_where(|request| request.origin == "https://gitlab.com")
            > 0
    );
}

#[test]
fn a_type_that_is_not_on_the_list_is_refused() {
    let round = Round {
        artifact_type: "application/vnd.example.thing",
        refuses_attach: Some(ErrorKind::Refused),
        ..Round::new()
    };
    let site = Site::new(Profile::gitlab());
    assert_eq!(
        site.run(&round),
        "push 6, again 3, manifests 6, pull 5, look 2, attach 8, list 4, detach 2, tags 3, delete 12"
    );
    let artifact = attachment(round.artifact_type);
    let error = site
        .client()
        .push_manifest(&by_digest(&artifact), &artifact)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("unknown media type: application/vnd.example.thing"),
        "{error}"
    );
}

#[test]
fn tokens_may_end_in_mid_upload() {
    let site = Site::new(Profile::gitlab());
    let path = format!("/v2/{REPOSITORY}/blobs/uploads/");
    let authorization = site.authorization(&site.send("POST", &path, &[], b"").unwrap());
    let headers = [("authorization", authorization.as_str())];
    let opened = site.send("POST", &path, &headers, b"").unwrap();
    let location = opened.header("location");
    assert_eq!(site.send("PATCH", location, &headers, b"ab").unwrap().status, 202);
    site.wait(300);
    assert_eq!(site.send("PATCH", location, &headers, b"cd").unwrap().status, 401);
    // With another token the upload goes on where it was.
    assert_eq!(
        site.ask("PATCH", location, &[("content-range", "2-3")], b"cd").status,
        202
    );
}

#[test]
fn a_missing_referrers_tag_is_the_subject_itself() {
    let site = Site::new(Profile::gitlab());
    let client = site.client();
    let image = image();
    image.push_blobs(&client);
    client.push_manifest(&target("v1"), &image.document).unwrap();
    let digest = image.document.digest();
    assert_eq!(site.get(&format!("/v2/{REPOSITORY}/referrers/{digest}")).status, 404);
    let tag = digest.to_string().replace(':', "-");
    let reply = site.get(&format!("/v2/{REPOSITORY}/manifests/{tag}"));
    assert_eq!(
        (reply.status.as_u16(), reply.header("docker-content-digest")),
        (200, digest.to_string().as_str())
    );
    assert_eq!(reply.body, image.document.bytes());
    let other = Image::new(2, &[]).document.digest().to_string().replace(':', "-");
    assert_eq!(site.get(&format!("/v2/{REPOSITORY}/manifests/{other}")).status, 404);

    // The client takes that for no list, and begins one without it.
    assert_eq!(client.referrers(digest, None).unwrap(), []);
    let attached = attached_image();
    attached.push_blobs(&client);
    client
        .push_manifest(&by_digest(&attached.document), &attached.document)
        .unwrap();
    let list = site.get(&format!("/v2/{REPOSITORY}/manifests/{tag}")).json();
    let listed = list["manifests"].as_array().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["digest"], attached.document.digest().to_string());

    // Once it is there, it is a tag as any other.
    let artifact = Image::new(3, &[]);
    artifact.push_blobs(&client);
    client.push_manifest(&target(&tag), &artifact.document).unwrap();
    let reply = site.get(&format!("/v2/{REPOSITORY}/manifests/{tag}"));
    assert_eq!(reply.body, artifact.document.bytes());
}

#[test]
fn outside_of_a_project_everything_is_401() {
    let site = Site::new(Profile::gitlab());
    for repository in ["group", "group/projects", "other/project"] {
        let error = site.client_as(Some(0), repository).manifest(&target("v1")).unwrap_err();
        assert_eq!(error.status().unwrap(), 401, "{repository}: {error}");
    }
}
