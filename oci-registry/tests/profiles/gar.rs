use bytes::Bytes;
use oci_client_core::ErrorKind;
use oci_client_core::proto::Credential;
use oci_registry::profile::Profile;
use oci_spec_types::{Descriptor, Digest, MediaType};

use crate::round::{Driver as _, Image, Round, by_digest, target};
use crate::site::Site;

const REPOSITORY: &str = "tester-project/docker/app";

#[test]
fn the_whole_round_as_both_users() {
    for (login, name) in [(0, "oauth2accesstoken"), (1, "_json_key")] {
        let site = Site::new(Profile::gar());
        let logins = site.registry.logins().unwrap();
        assert!(matches!(&logins[login], Credential::Password { username, .. } if username == name));
        assert_eq!(
            site.run_as(login, &Round::new()),
            "push 6, again 3, manifests 6, pull 5, look 1, attach 5, list 4, detach 4, tags 3, delete 8"
        );
        assert!(
            site.recorder
                .count_where(|request| request.path.starts_with("/artifacts-uploads/"))
                > 0
        );
    }
}

#[test]
fn uploads_are_elsewhere_and_in_one_piece() {
    let site = Site::new(Profile::gar());
    let open = || {
        let opened = site.ask("POST", &format!("/v2/{REPOSITORY}/blobs/uploads/"), &[], b"");
        opened.header("location").to_owned()
    };
    let location = open();
    let prefix = format!("https://europe-docker.pkg.dev/artifacts-uploads/namespaces/{REPOSITORY}/uploads/");
    assert!(location.starts_with(&prefix), "{location}");
    let id = location.strip_prefix(&prefix).unwrap();
    assert_eq!(site.get(&format!("/v2/{REPOSITORY}/blobs/uploads/{id}")).status, 404);

    site.ask("PATCH", &location, &[("content-range", "0-1")], b"ab")
        .assert_refused(400, "UNSUPPORTED");
    let whole = site.ask("PATCH", &location, &[], b"ab");
    assert_eq!(whole.status, 202);
    assert_eq!(whole.header("location"), location);
    site.ask("PATCH", &location, &[], b"cd")
        .assert_refused(400, "UNSUPPORTED");
    let digest = Digest::sha256(b"ab");
    assert_eq!(
        site.ask("PUT", &format!("{location}?digest={digest}"), &[], b"").status,
        201
    );
    assert_eq!(
        site.ask("PUT", &format!("{}?digest={digest}", open()), &[], b"ab")
            .status,
        201
    );
}

#[test]
fn a_blob_has_content() {
    let site = Site::new(Profile::gar());
    let empty = Descriptor::of(MediaType::IMAGE_LAYER, b"");
    let error = site.client().push_blob(&empty, &Bytes::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("at least one byte"), "{error}");
}

#[test]
fn a_manifest_with_a_tag_is_not_deleted() {
    let site = Site::new(Profile::gar());
    let client = site.client();
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    for tag in ["a", "b", "c"] {
        client.push_manifest(&target(tag), &image.document).unwrap();
    }
    let digest = by_digest(&image.document);
    for tag in ["a", "b", "c"] {
        let error = client.delete(&digest).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        assert!(error.has_code(&"GOOGLE_MANIFEST_DANGLING_TAG".into()), "{error}");
        client.delete(&target(tag)).unwrap();
    }
    client.delete(&digest).unwrap();
}

#[test]
fn a_list_of_tags_says_what_they_name() {
    let site = Site::new(Profile::gar());
    let client = site.client();
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    for tag in ["a", "b"] {
        client.push_manifest(&target(tag), &image.document).unwrap();
    }
    let list = site.get(&format!("/v2/{REPOSITORY}/tags/list")).json();
    assert_eq!(list["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(
        list["manifest"][image.document.digest().to_string()]["tag"],
        list["tags"]
    );
    assert_eq!(list["child"], serde_json::json!([]));
    assert_eq!(client.tags().unwrap().len(), 2);
}
