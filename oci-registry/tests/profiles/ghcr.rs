use oci_client_core::ErrorKind;
use oci_registry::profile::Profile;
use oci_spec_types::Digest;

use crate::round::{Driver as _, Image, Round, attachment, target};
use crate::site::Site;

#[test]
fn the_whole_round() {
    let round = Round {
        refuses_delete: Some(ErrorKind::Unsupported),
        ..Round::new()
    };
    assert_eq!(
        Site::new(Profile::ghcr()).run(&round),
        "push 6, again 3, manifests 6, pull 5, look 2, attach 13, list 4, detach 5, tags 4, delete 7"
    );
}

#[test]
fn a_chunk_is_smaller_than_four_mebibytes() {
    let site = Site::new(Profile::ghcr());
    let opened = site.ask("POST", "/v2/tester/app/blobs/uploads/", &[], b"");
    let location = opened.header("location").to_owned();
    let large = site.ask("PATCH", &location, &[], &vec![0; 4 << 20]);
    assert_eq!(large.status, 416);
    assert!(
        large.json()["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("4.00MiB")
    );
    assert_eq!(site.ask("PATCH", &location, &[], &vec![0; (4 << 20) - 1]).status, 202);
}

#[test]
fn the_location_of_an_upload_has_a_query() {
    let site = Site::new(Profile::ghcr());
    let open = || {
        let opened = site.ask("POST", "/v2/tester/app/blobs/uploads/", &[], b"");
        opened.header("location").to_owned()
    };
    let digest = Digest::sha256(b"ab");
    for (joint, status) in [("&", 201), ("?", 404)] {
        let target = format!("{}{joint}digest={digest}", open());
        assert_eq!(site.ask("PUT", &target, &[], b"ab").status, status, "{joint}");
    }
    let location = open();
    let path = location.split('?').next().unwrap();
    assert_eq!(
        site.ask("PUT", &format!("{path}?digest={digest}"), &[], b"ab").status,
        404
    );
}

#[test]
fn too_many_requests_wait_for_the_next_minute() {
    let site = Site::new(Profile::ghcr());
    let client = site.client();
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    client.push_manifest(&target("v1"), &image.document).unwrap();
    let reply = (0..600).map(|_| site.send("GET", "/v2/", &[], b"").unwrap());
    let refused = reply.into_iter().find(|reply| reply.status == 429).unwrap();
    refused.assert_refused(429, "TOOMANYREQUESTS");
    assert_eq!(refused.header("retry-after"), "60");
    client.manifest(&target("v1")).unwrap();
    assert_eq!(site.runtime.elapsed().as_secs(), 60);
}

#[test]
fn the_token_endpoint_refuses_nobody_an_unknown_package() {
    let site = Site::new(Profile::ghcr());
    let image = Image::new(1, &[3]);
    let writer = site.client_as(Some(0), "tester/public");
    image.push_blobs(&writer);
    writer.push_manifest(&target("v1"), &image.document).unwrap();
    site.client_as(None, "tester/public").manifest(&target("v1")).unwrap();

    let error = site
        .client_as(None, "tester/unknown")
        .manifest(&target("v1"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    assert!(error.to_string().contains("gives no anonymous token"), "{error}");
    let url = "https://ghcr.io/token?service=ghcr.io&scope=repository:tester/unknown:pull";
    site.send("GET", url, &[], b"").unwrap().assert_refused(403, "DENIED");
}

#[test]
fn referrers_are_not_listed() {
    let site = Site::new(Profile::ghcr());
    let client = site.client();
    let artifact = attachment("application/x");
    client
        .push_blob(&artifact.value().as_image().unwrap().config, &b"{}".as_slice().into())
        .unwrap();
    let path = format!("/v2/tester/app/manifests/{}", artifact.digest());
    let headers = [("content-type", artifact.media_type().as_str())];
    let reply = site.ask("PUT", &path, &headers, artifact.bytes());
    assert_eq!((reply.status.as_u16(), reply.header("oci-subject")), (201, ""));
    let subject = &artifact.value().subject().unwrap().digest;
    assert_eq!(site.get(&format!("/v2/tester/app/referrers/{subject}")).status, 404);
}

#[test]
fn a_full_page_names_a_next_one() {
    let site = Site::new(Profile::ghcr());
    let client = site.client();
    let image = Image::new(1, &[3]);
    image.push_blobs(&client);
    for tag in ["a", "b"] {
        client.push_manifest(&target(tag), &image.document).unwrap();
    }
    let full = site.get("/v2/tester/app/tags/list?n=2");
    assert_eq!(
        full.header("link"),
        "</v2/tester/app/tags/list?n=2&last=b>; rel=\"next\""
    );
    let past = site.get("/v2/tester/app/tags/list?n=2&last=b");
    assert!(past.json()["tags"].is_null());
    assert_eq!(past.header("link"), "");
    assert_eq!(client.tags().unwrap().len(), 2);
}
