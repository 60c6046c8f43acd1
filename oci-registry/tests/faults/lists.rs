//! Tags, repositories and referrers.

use oci_registry::faults::{Fault, FaultRule};
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};

use crate::site::{Seen, Site};

/// Attaches something to the manifest; gives the path of the list.
fn attach(site: &Site, number: u8) -> (Seen, String) {
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, &site.manifest);
    let path = format!("/v2/app/referrers/{}", subject.digest);
    let config = Descriptor::of(MediaType::IMAGE_CONFIG, &site.blob);
    let artifact_type = format!("application/vnd.test.{number}").parse().unwrap();
    let artifact = ImageManifest::new(config, vec![])
        .with_subject(subject)
        .with_artifact_type(artifact_type);
    let artifact = serde_json::to_vec(&artifact).unwrap();
    let headers = [("content-type", "application/vnd.oci.image.manifest.v1+json")];
    let target = format!("/v2/app/manifests/{}", Digest::sha256(&artifact));
    (site.send("PUT", &target, &headers, &artifact), path)
}

/// Follows the links of a list; gives how many entries each page has.
fn pages(site: &Site, path: &str, entries: &str) -> Vec<usize> {
    let (mut sizes, mut next) = (Vec::new(), path.to_owned());
    while sizes.len() < 10 {
        let page = site.send("GET", &next, &[], b"");
        let document: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
        sizes.push(document.get(entries).unwrap().as_array().unwrap().len());
        let link = page.header("link");
        match link.strip_prefix('<').and_then(|link| link.split_once('>')) {
            Some((target, "; rel=\"next\"")) => next = target.to_owned(),
            _ => break,
        }
    }
    sizes
}

#[test]
fn pages_of_one_entry() {
    let site = Site::new("page-of-one");
    let path = attach(&site, 0).1;
    attach(&site, 1);
    assert_eq!(pages(&site, "/v2/app/tags/list?n=2", "tags"), [1, 1, 1]);
    assert_eq!(pages(&site, "/v2/_catalog", "repositories"), [1]);
    assert_eq!(pages(&site, &path, "manifests"), [1, 1]);
    assert_eq!(site.faults.log().len(), 6);
}

#[test]
fn p01_links_lead_in_a_loop() {
    let site = Site::new("link-loop");
    let path = attach(&site, 0).1;
    assert_eq!(pages(&site, "/v2/app/tags/list", "tags"), [3; 10]);
    assert_eq!(pages(&site, "/v2/_catalog", "repositories"), [1; 10]);
    assert_eq!(pages(&site, &path, "manifests"), [1; 10]);
    assert_eq!(site.faults.log().len(), 30);
}

#[test]
fn a_page_does_not_say_that_there_are_more() {
    let site = Site::new("missing-link");
    assert_eq!(pages(&site, "/v2/app/tags/list", "tags"), [1]);
    // Here there are no more.
    assert_eq!(pages(&site, "/v2/_catalog", "repositories"), [1]);
    site.assert_log(&["GET missing-link"]);
}

#[test]
fn p19_no_referrers_api_in_each_form() {
    for (status, media_type) in [
        (404, "application/json"),
        (400, "application/json"),
        (200, "text/html; charset=utf-8"),
    ] {
        let site = Site::new(&format!("no-referrers={status}"));
        let (pushed, path) = attach(&site, 0);
        assert_eq!((pushed.status, pushed.header("oci-subject")), (201, ""));
        let seen = site.send("GET", &path, &[], b"");
        assert_eq!((seen.status, seen.header("content-type")), (status, media_type));
        let fault = format!("no-referrers={status}");
        site.assert_log(&[&format!("PUT {fault}"), &format!("GET {fault}")]);
    }
}

#[test]
fn a_rule_can_come_later_and_counts_from_then_on() {
    let site = Site::new("tags nth=2: status=500");
    let tags = || site.send("GET", "/v2/app/tags/list", &[], b"").status;
    assert_eq!(tags(), 200);
    site.faults
        .add_rule(FaultRule::new(Fault::LinkLoop).with_occurrence(oci_registry::faults::Occurrence::first(1)));
    assert_eq!((tags(), tags(), tags()), (500, 200, 200));
    site.assert_log(&["GET status=500", "GET link-loop"]);
    assert_eq!(
        site.faults.plan().to_string(),
        "seed=0\ntags nth=2: status=500\nnth=1: link-loop\n"
    );
}
