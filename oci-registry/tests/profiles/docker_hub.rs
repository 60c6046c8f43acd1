use std::sync::{Arc, Mutex};
use std::time::Duration;

use oci_client_core::ErrorKind;
use oci_client_core::client::{Observer, RateLimitEvent, Uploaded};
use oci_registry::profile::Profile;
use oci_spec_types::Digest;

use crate::round::{Driver as _, Image, Round, target};
use crate::site::Site;

#[test]
fn the_whole_round() {
    let site = Site::new(Profile::docker_hub());
    assert_eq!(
        site.run(&Round::new()),
        "push 6, again 3, manifests 6, pull 8, look 1, attach 5, list 4, detach 4, tags 3, delete 8"
    );
    site.assert_confined();
    let api = site
        .recorder
        .count_where(|request| request.origin == "https://registry-1.docker.io");
    let auth = site
        .recorder
        .count_where(|request| request.origin == "https://auth.docker.io");
    assert!(api > 0 && auth > 0);
}

#[test]
fn tokens_live_for_five_minutes() {
    let site = Site::new(Profile::docker_hub());
    let path = "/v2/tester/app/tags/list";
    let challenge = site.send("GET", path, &[], b"").unwrap();
    let authorization = site.authorization(&challenge);
    let ask = || {
        site.send("GET", path, &[("authorization", &authorization)], b"")
            .unwrap()
    };
    assert_eq!(ask().status, 404);
    site.wait(299);
    assert_eq!(ask().status, 404);
    site.wait(1);
    assert_eq!(ask().status, 401);
    assert!(ask().header("www-authenticate").contains("error=\"invalid_token\""));
}

#[test]
fn pulls_are_counted_and_looks_are_free() {
    let site = Site::new(Profile::docker_hub());
    let client = site.client();
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    client.push_manifest(&target("v1"), &image.document).unwrap();
    let path = "/v2/tester/app/manifests/v1";
    for _ in 0..3 {
        let head = site.ask("HEAD", path, &[], b"");
        assert_eq!(head.header("ratelimit-limit"), "100;w=21600");
        assert_eq!(head.header("ratelimit-remaining"), "100;w=21600");
    }
    for left in (0..100).rev() {
        let reply = site.get(path);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("ratelimit-remaining"), format!("{left};w=21600"));
    }
    site.get(path).assert_refused(429, "TOOMANYREQUESTS");
    let error = client.manifest(&target("v1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    assert_eq!(site.ask("HEAD", path, &[], b"").status, 200);
    site.wait(21_600);
    client.manifest(&target("v1")).unwrap();
}

#[test]
fn the_observer_hears_how_many_pulls_are_left() {
    #[derive(Default)]
    struct Limits(Mutex<Vec<(u64, u64)>>);

    impl Observer for Limits {
        fn rate_limit(&self, event: &RateLimitEvent<'_>) {
            assert_eq!(event.host.as_str(), "docker.io");
            assert_eq!(event.limit.window, Some(Duration::from_secs(21_600)));
            let counts = (event.limit.limit.unwrap(), event.limit.remaining.unwrap());
            self.0.lock().unwrap().push(counts);
        }
    }

    let site = Site::new(Profile::docker_hub());
    let limits = Arc::new(Limits::default());
    let client = site.client_with(|builder| builder.observer(limits.clone()));
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    client.push_manifest(&target("v1"), &image.document).unwrap();
    assert_eq!(limits.0.lock().unwrap()[..], []);
    for _ in 0..2 {
        site.runtime.run(client.repository.resolve(&target("v1"))).unwrap();
        client.manifest(&target("v1")).unwrap();
    }
    assert_eq!(limits.0.lock().unwrap()[..], [(100, 100), (100, 99), (100, 98)]);
}

#[test]
fn rh3_too_many_requests_are_answered_in_plain_text() {
    let site = Site::new(Profile::docker_hub());
    for _ in 0..600 {
        assert_eq!(site.send("GET", "/v2/", &[], b"").unwrap().status, 401);
    }
    let reply = site.send("GET", "/v2/", &[], b"").unwrap();
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "60"));
    assert_eq!(reply.header("content-type"), "text/plain");
    // The client waits as it is told to.
    let before = site.runtime.elapsed();
    site.client().tags().unwrap_err();
    assert_eq!((site.runtime.elapsed() - before).as_secs(), 60);
}

#[test]
fn content_is_signed_for_get_at_one_of_two_hosts() {
    let site = Site::new(Profile::docker_hub());
    let client = site.client();
    let mut hosts = std::collections::BTreeSet::new();
    for seed in 0..8 {
        let image = Image::new(seed, &[3]);
        image.push_blobs(&client);
        let path = format!("/v2/tester/app/blobs/{}", image.blobs[1].0.digest);
        let reply = site.get(&path);
        assert_eq!(reply.status, 307);
        let location = reply.header("location").to_owned();
        assert_eq!(site.send("HEAD", &location, &[], b"").unwrap().status, 403);
        assert_eq!(site.send("GET", &format!("{location}0"), &[], b"").unwrap().status, 403);
        assert_eq!(site.send("GET", &location, &[], b"").unwrap().body, image.blobs[1].1);
        hosts.insert(location.split("/content").next().unwrap().to_owned());
        assert!(
            site.runtime
                .run(client.repository.has_blob(&image.blobs[1].0.digest))
                .unwrap()
        );
    }
    assert_eq!(hosts.len(), 2);
}

#[test]
fn a_repository_of_another_registry_is_nothing_to_mount_from() {
    let site = Site::new(Profile::docker_hub());
    let digest = Digest::sha256(b"x");
    let path = format!("/v2/tester/app/blobs/uploads/?mount={digest}&from=other/app");
    let reply = site.ask("POST", &path, &[], b"");
    assert_eq!(reply.status, 401);
    assert!(
        reply
            .header("www-authenticate")
            .contains("error=\"insufficient_scope\"")
    );

    // The client that tries it uploads the blob then.
    let image = Image::new(1, &[3]);
    let (descriptor, content) = &image.blobs[1];
    let client = site.client();
    let from = "other/app".parse().unwrap();
    let pushed = client
        .repository
        .push_or_mount_blob(descriptor, Arc::new(content.clone()), &from);
    assert_eq!(site.runtime.run(pushed).unwrap(), Uploaded::Stored);
    assert_eq!(client.blob(descriptor).unwrap(), content);
    let mounts = site
        .recorder
        .count_where(|request| request.path.contains("from=other%2Fapp"));
    assert!(mounts > 0);
}
