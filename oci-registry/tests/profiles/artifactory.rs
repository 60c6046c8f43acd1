use std::sync::{Arc, Mutex};

use oci_client_core::ErrorKind;
use oci_client_core::store::{CopyOptions, MemoryStore, Stored, Target as _, copy};
use oci_registry::profile::{Origins, Profile};
use oci_spec_types::Digest;

use crate::round::{Driver as _, Image, Round, TAGS, attachment, by_digest, image, target};
use crate::site::Site;

/// The token endpoint at the registry's own host, so that everything else can be tried by itself.
fn one_host() -> Site {
    let origins = Origins::new("https://docker.artifactory.example.com");
    Site::new(Profile::artifactory().with_origins(origins))
}

#[test]
fn the_whole_round() {
    assert_eq!(
        Site::new(Profile::artifactory()).run(&Round::new()),
        "push 6, again 4, manifests 6, pull 5, look 2, attach 13, list 4, detach 10, tags 3, delete 11"
    );
}

#[test]
fn the_whole_round_with_tokens_from_the_same_host() {
    assert_eq!(
        one_host().run(&Round::new()),
        "push 6, again 4, manifests 6, pull 5, look 2, attach 13, list 4, detach 10, tags 3, delete 11"
    );
}

#[test]
fn the_realm_names_another_host_and_its_port() {
    let site = Site::new(Profile::artifactory());
    let reply = site.send("GET", "/v2/docker-local/app/tags/list", &[], b"").unwrap();
    let challenge = reply.header("www-authenticate");
    assert!(
        challenge.contains("realm=\"https://artifactory.example.com:443/"),
        "{challenge}"
    );
    assert!(
        challenge.contains("service=\"artifactory.example.com:443\""),
        "{challenge}"
    );
}

#[test]
fn a_tag_that_a_remote_repository_lacks_is_forbidden() {
    let error = one_host()
        .client_as(Some(0), "docker-remote/app")
        .manifest(&target("v1"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
}

#[test]
fn only_exact_types_are_acceptable() {
    let site = one_host();
    let client = site.client();
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    client.push_manifest(&target("v1"), &image.document).unwrap();
    let path = "/v2/docker-local/app/manifests/v1";
    for (accept, status) in [
        ("*/*", 406),
        ("application/vnd.oci.image.index.v1+json", 406),
        ("application/vnd.oci.image.manifest.v1+json", 200),
        ("text/plain, application/vnd.oci.image.manifest.v1+json;q=0.5", 200),
    ] {
        assert_eq!(
            site.ask("GET", path, &[("accept", accept)], b"").status,
            status,
            "{accept}"
        );
    }
    let referrers = format!("/v2/docker-local/app/referrers/{}", image.document.digest());
    assert_eq!(site.get(&referrers).status, 406);
}

#[test]
fn a_blob_of_another_repository_is_found_and_is_not_there() {
    let site = one_host();
    let image = Image::new(1, &[3]);
    image.push_blobs(&site.client());
    let other = "docker-local/other";
    let path = format!("/v2/{other}/blobs/{}", image.blobs[0].0.digest);
    assert_eq!(site.ask("HEAD", &path, &[], b"").status, 200);
    assert_eq!(site.get(&path).status, 404);
    let manifest = format!("/v2/{other}/manifests/v1");
    let headers = [("content-type", image.document.media_type().as_str())];
    let refused = site.ask("PUT", &manifest, &headers, image.document.bytes());
    refused.assert_refused(400, "MANIFEST_INVALID");

    // Uploaded once more, it is taken.
    let client = site.client_as(Some(0), other);
    for (_, content) in &image.blobs {
        let digest = Digest::sha256(content);
        let upload = format!("/v2/{other}/blobs/uploads/?digest={digest}");
        assert_eq!(site.ask("POST", &upload, &[], content).status, 201);
    }
    client.push_manifest(&target("v1"), &image.document).unwrap();
}

#[test]
fn a_copy_sends_what_only_seemed_to_be_there() {
    let site = one_host();
    let image = Image::new(1, &[3, 65 << 20]);
    let first = site.client();
    image.push_blobs(&first);
    first.push_manifest(&target("v1"), &image.document).unwrap();

    let store = MemoryStore::new();
    for (descriptor, content) in &image.blobs {
        let content = Arc::new(content.clone());
        site.runtime.run(store.put_blob(descriptor, content)).unwrap();
    }
    let tag = "v1".parse().unwrap();
    site.runtime.run(store.put_root(&image.document, Some(&tag))).unwrap();
    let copies = |repository: &str| {
        let there = site.client_as(Some(0), repository);
        let stored = Arc::new(Mutex::new(Vec::new()));
        let seen = stored.clone();
        let options = CopyOptions::new().with_jobs(1).with_observer(move |event| {
            seen.lock().unwrap().push((event.descriptor.size, event.stored));
        });
        site.recorder.clear();
        let from = target("v1");
        let copied = copy(&store, &from, &there.repository, Some(&tag), &options);
        site.runtime.run(copied).unwrap();
        assert_eq!(there.manifest(&target("v1")).unwrap().bytes(), image.document.bytes());
        for (descriptor, content) in &image.blobs {
            assert_eq!(there.blob(descriptor).unwrap(), content);
        }
        let stored = stored.lock().unwrap().clone();
        let config = image.blobs[0].0.size;
        assert_eq!(stored[..2], [(config, Stored::New), (3, Stored::New)]);
        stored[2..].to_vec()
    };
    let large = 65 << 20;
    assert_eq!(
        copies("docker-local/other"),
        [(large, Stored::Present), (large, Stored::New)]
    );
    let manifests = site
        .recorder
        .requests()
        .into_iter()
        .filter(|request| request.method == "PUT" && request.path.contains("/manifests/"));
    let statuses: Vec<_> = manifests.filter_map(|request| request.status).collect();
    assert_eq!(statuses, [400, 201]);
    // What is there indeed is not sent again.
    assert_eq!(copies("docker-local/other"), [(large, Stored::Present)]);
}

#[test]
fn the_last_chunk_is_all_there_is() {
    let site = one_host();
    let opened = site.ask("POST", "/v2/docker-local/app/blobs/uploads/", &[], b"");
    let location = opened.header("location").to_owned();
    let first = site.ask("PATCH", &location, &[("content-range", "0-1")], b"ab");
    assert_eq!((first.status.as_u16(), first.header("range")), (202, "0-1"));
    let second = site.ask("PATCH", &location, &[("content-range", "2-3")], b"cd");
    assert_eq!((second.status.as_u16(), second.header("range")), (202, "0-3"));
    assert_eq!(second.header("location"), location);
    let finish = format!("{location}?digest={}", Digest::sha256(b"abcd"));
    site.ask("PUT", &finish, &[], b"").assert_refused(400, "DIGEST_INVALID");

    let opened = site.ask("POST", "/v2/docker-local/app/blobs/uploads/", &[], b"");
    let location = opened.header("location").to_owned();
    assert_eq!(site.ask("PATCH", &location, &[], b"abcd").status, 202);
    let finish = format!("{location}?digest={}", Digest::sha256(b"abcd"));
    assert_eq!(site.ask("PUT", &finish, &[], b"").status, 201);
}

#[test]
fn digests_stand_among_the_tags_and_mounts_do_not_happen() {
    let site = one_host();
    let client = site.client();
    let image = image();
    image.push_blobs(&client);
    client
        .push_manifest(&by_digest(&image.document), &image.document)
        .unwrap();
    for tag in TAGS {
        client.push_manifest(&target(tag), &image.document).unwrap();
    }
    let last = site.get("/v2/docker-local/app/tags/list?last=v4").json();
    assert_eq!(
        last["tags"],
        serde_json::json!(["v5", image.document.digest().to_string()])
    );
    assert_eq!(client.tags().unwrap().len(), TAGS.len());

    let digest = &image.blobs[0].0.digest;
    let mount = format!("/v2/docker-local/app/blobs/uploads/?mount={digest}&from=docker-local/app");
    assert_eq!(site.ask("POST", &mount, &[], b"").status, 202);
    assert_eq!(
        attachment("application/x").value().subject().unwrap().digest,
        *image.document.digest()
    );
}
