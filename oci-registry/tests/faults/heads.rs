//! Header fields.

use oci_spec_types::Digest;

use crate::site::Site;

/// p02: what `Location` is, and that it leads to the same place wherever it leads.
#[test]
fn p02_locations_in_each_form() {
    for (fault, expected) in [
        ("absolute-location", "https://registry.test/v2/app/blobs/uploads/"),
        ("foreign-location", "https://elsewhere.invalid/elsewhere/0"),
        ("missing-location", ""),
        ("relative-location", ""),
    ] {
        let site = Site::new(&format!("POST: {fault}"));
        let location = site.open();
        assert!(location.starts_with(expected), "{fault}: {location}");
        match fault {
            "missing-location" => assert_eq!(location, ""),
            "relative-location" => assert!(!location.contains('/') && !location.is_empty(), "{location}"),
            _ => {
                let content = b"hello";
                let end = format!("{location}?digest={}", Digest::sha256(content));
                assert_eq!(site.send("PUT", &end, &[], content).status, 201, "{fault}");
            }
        }
        site.assert_log(&[&format!("POST {fault}")]);
    }
}

#[test]
fn a_relative_location_leads_upwards_too() {
    let site = Site::new("PUT: relative-location");
    let upload = site.open();
    let digest = Digest::sha256(b"hello");
    let done = site.send("PUT", &format!("{upload}?digest={digest}"), &[], b"hello");
    assert_eq!(done.header("location"), format!("../{digest}"));
}

#[test]
fn c03_digests_are_wrong_or_missing() {
    for (fault, expected) in [
        ("wrong-digest", Digest::sha256(b"other content").to_string()),
        ("missing-digest", String::new()),
    ] {
        let site = Site::new(fault);
        for (method, path) in [("GET", site.blob_path()), ("HEAD", "/v2/app/manifests/a".to_owned())] {
            let seen = site.send(method, &path, &[], b"");
            assert_eq!(
                (seen.status, seen.header("docker-content-digest")),
                (200, &*expected),
                "{fault}"
            );
        }
        site.assert_log(&[&format!("GET {fault}"), &format!("HEAD {fault}")]);
    }
}

#[test]
fn p11_a_range_is_ignored() {
    let site = Site::new("ignore-range");
    let seen = site.pull_part("bytes=10-19");
    assert_eq!((seen.status, seen.body.len()), (200, 1000));
    // What is asked for whole comes whole anyway.
    assert_eq!(site.pull().status, 200);
    site.assert_log(&["GET ignore-range"]);
}

#[test]
fn p12_a_content_range_is_wrong() {
    let site = Site::new("wrong-content-range");
    let seen = site.pull_part("bytes=10-19");
    assert_eq!((seen.status, seen.header("content-range")), (206, "bytes 11-20/1001"));
    assert_eq!(seen.body, site.blob.slice(10..20));
    let refused = site.pull_part("bytes=2000-2001");
    assert_eq!((refused.status, refused.header("content-range")), (416, "bytes */1000"));
    site.assert_log(&["GET wrong-content-range"]);
}

#[test]
fn p04_the_range_of_an_upload_stays_at_its_first_byte() {
    let site = Site::new("zero-range");
    let upload = site.open();
    assert_eq!(site.send("PATCH", &upload, &[], b"hello").header("range"), "0-0");
    assert_eq!(site.send("GET", &upload, &[], b"").header("range"), "0-0");
    // The registry knows better.
    let digest = Digest::sha256(b"hello");
    assert_eq!(
        site.send("PUT", &format!("{upload}?digest={digest}"), &[], b"").status,
        201
    );
    assert!(site.faults.log().len() >= 2);
}
