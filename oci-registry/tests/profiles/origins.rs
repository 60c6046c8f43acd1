//! What holds for all profiles.

use oci_client_core::ErrorKind;
use oci_client_core::transport::TransportErrorKind;
use oci_registry::profile::{Origins, Profile};

use crate::round::{Driver as _, attachment, by_digest, image, target};
use crate::site::{Site, basic};

#[test]
fn every_profile_has_its_name_its_logins_and_a_repository() {
    for name in Profile::NAMES {
        let profile = Profile::named(name).unwrap();
        assert_eq!(profile.name(), name);
        let site = Site::new(profile);
        let logins = site.registry.logins().unwrap();
        assert!(!logins.is_empty(), "{name}");
        assert!(!format!("{:?}", site.registry).contains("staple"), "{name}");
        let repository = site.registry.profile().repository();
        assert_eq!(site.get(&format!("/v2/{repository}/tags/list")).status, 404, "{name}");
        assert_eq!(site.get("/v2/").status, 200, "{name}");
    }
    assert!(Profile::named("").is_none());
}

#[test]
fn a_wrong_password_is_refused_everywhere() {
    for name in Profile::NAMES {
        let site = Site::new(Profile::named(name).unwrap());
        let wrong = oci_client_core::proto::Credential::password("tester", "wrong".to_owned());
        let challenge = site.send("GET", "/v2/", &[], b"").unwrap();
        let challenge = challenge.header("www-authenticate");
        let realm = challenge.split("realm=\"").nth(1).unwrap().split('"').next().unwrap();
        let url = if challenge.starts_with("Basic") { "/v2/" } else { realm };
        let reply = site
            .send("GET", url, &[("authorization", &basic(&wrong))], b"")
            .unwrap();
        assert_eq!(reply.status, 401, "{name}");
    }
}

#[test]
fn what_is_attached_is_listed_where_referrers_are() {
    for name in ["acr", "docker-hub", "gar", "harbor", "quay"] {
        let site = Site::new(Profile::named(name).unwrap());
        let (client, image) = (site.client(), image());
        let artifact = attachment("application/vnd.example.thing");
        image.push_blobs(&client);
        client.push_manifest(&target("v1"), &image.document).unwrap();
        let config = &artifact.value().as_image().unwrap().config;
        client.push_blob(config, &b"{}".as_slice().into()).unwrap();
        client.push_manifest(&by_digest(&artifact), &artifact).unwrap();
        let repository = site.registry.profile().repository();
        let list = site.get(&format!("/v2/{repository}/referrers/{}", image.document.digest()));
        assert_eq!(list.status, 200, "{name}");
        assert_eq!(
            list.json()["manifests"][0]["digest"],
            artifact.digest().to_string(),
            "{name}"
        );
    }
}

#[test]
fn a_refused_look_has_no_body() {
    for name in Profile::NAMES {
        let site = Site::new(Profile::named(name).unwrap());
        let path = format!("/v2/{}/manifests/v1", site.registry.profile().repository());
        let refused = site.send("HEAD", &path, &[], b"").unwrap();
        assert_eq!((refused.status.as_u16(), refused.body.len()), (401, 0), "{name}");
        let missing = site.ask("HEAD", &path, &[], b"");
        assert_eq!((missing.status.as_u16(), missing.body.len()), (404, 0), "{name}");
    }
}

#[test]
fn no_other_host_answers() {
    let site = Site::new(Profile::docker_hub());
    for url in [
        "https://registry-1.docker.io:444/v2/",
        "http://registry-1.docker.io/v2/",
        "https://docker.io/v2/",
    ] {
        let error = site.send("GET", url, &[], b"").err().unwrap();
        assert_eq!(error.kind(), TransportErrorKind::Connect, "{url}");
        assert!(!error.may_have_reached_server());
    }
}

#[test]
fn the_parts_can_be_elsewhere() {
    let origins = Origins::new("http://127.0.0.1:5000")
        .with_token("http://127.0.0.1:5001")
        .with_content("http://127.0.0.1:5002");
    let site = Site::new(Profile::docker_hub().with_origins(origins));
    let challenge = site.send("GET", "/v2/", &[], b"").unwrap();
    let challenge = challenge.header("www-authenticate");
    assert!(
        challenge.contains("realm=\"http://127.0.0.1:5001/token\""),
        "{challenge}"
    );
    // The client still asks for the registry by its name.
    let error = site.client().manifest(&target("v1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
}
