//! What may change: tags and lists of referrers.

use http::{Method, Request};
use serde_json::Value;

use crate::site::{Fault, Site};

fn digest(site: &Site) -> (u16, String, bool) {
    let response = site.get("/v2/app/manifests/latest");
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let digest = header("docker-content-digest").unwrap_or_default();
    (response.status().as_u16(), digest, header("warning").is_some())
}

#[test]
fn a_tag_is_looked_up_again_after_its_age() {
    let site = Site::new();
    let old = site.manifest("app", "latest", "old", None).digest.to_string();
    assert_eq!(digest(&site), (200, old.clone(), false));
    let new = site.manifest("app", "latest", "new", None).digest.to_string();
    site.wait(59);
    assert_eq!(digest(&site), (200, old, false));
    site.wait(2);
    assert_eq!(digest(&site), (200, new.clone(), false));
    // Unchanged, that is one HEAD.
    site.wait(61);
    site.recorder.clear();
    assert_eq!(digest(&site), (200, new, false));
    assert_eq!(site.recorder.lines(), ["HEAD /v2/app/manifests/latest"]);
}

#[test]
fn a_tag_that_is_gone_goes() {
    let site = Site::new();
    site.manifest("app", "latest", "a", None);
    assert_eq!(digest(&site).0, 200);
    let delete = Request::delete("/v2/app/manifests/latest")
        .body(Default::default())
        .unwrap();
    assert_eq!(site.runtime.run(site.far.handle(delete)).status(), 202);
    site.wait(61);
    assert_eq!(digest(&site).0, 404);
    assert_eq!(site.stored("/v2/app/manifests/latest"), 404);
}

/// What was there is answered with a notice while the upstream cannot be asked; not so if it refuses.
#[test]
fn a_tag_without_the_upstream() {
    for (fault, status) in [
        (Fault::Down, 200),
        (Fault::Status(401), 403),
        (Fault::Status(403), 403),
        (Fault::Status(429), 200),
        (Fault::Status(500), 200),
    ] {
        let site = Site::new();
        let known = site.manifest("app", "latest", "a", None).digest.to_string();
        assert_eq!(digest(&site), (200, known.clone(), false));
        site.wait(61);
        site.fail(fault);
        for _ in 0..2 {
            let found = digest(&site);
            assert_eq!(found.0, status, "{fault:?}");
            assert_eq!(found.2, status == 200, "{fault:?}");
        }
        site.fail(None);
        site.wait(61);
        assert_eq!(digest(&site), (200, known, false), "{fault:?}");
    }
}

#[test]
fn what_is_not_there_is_not_asked_for_at_once_again() {
    let site = Site::new();
    for _ in 0..3 {
        assert_eq!(digest(&site).0, 404);
    }
    assert_eq!(site.recorder.count(), 1);
    site.manifest("app", "latest", "a", None);
    site.wait(11);
    assert_eq!(digest(&site).0, 200);
}

fn referrers(site: &Site, subject: &str) -> (usize, bool) {
    let response = site.get(&format!("/v2/app/referrers/{subject}"));
    assert_eq!(response.status(), 200);
    let warned = response.headers().contains_key("warning");
    let list: Value = serde_json::from_slice(&site.read(response).unwrap()).unwrap();
    (list["manifests"].as_array().unwrap().len(), warned)
}

#[test]
fn referrers_come_with_their_manifests() {
    let site = Site::new();
    let subject = site.manifest("app", "latest", "a", None);
    let named = subject.digest.to_string();
    assert_eq!(referrers(&site, &named), (0, false));
    let signature = site.manifest("app", "", "signature", Some(subject.clone()));
    site.wait(61);
    assert_eq!(referrers(&site, &named), (1, false));
    assert_eq!(site.stored(&format!("/v2/app/manifests/{}", signature.digest)), 200);
    site.manifest("app", "", "another", Some(subject));
    site.wait(61);
    site.recorder.clear();
    assert_eq!(referrers(&site, &named), (2, false));
    assert_eq!(site.count(Method::GET, "/manifests/"), 1);
    site.wait(61);
    site.fail(Fault::Down);
    assert_eq!(referrers(&site, &named), (2, true));
}

/// A manifest that is not what the list says is left out.
#[test]
fn a_wrong_referrer_is_left_out() {
    let site = Site::new();
    let subject = site.manifest("app", "latest", "a", None);
    let signature = site.manifest("app", "", "signature", Some(subject.clone()));
    site.fail(Fault::WrongManifests);
    assert_eq!(referrers(&site, &subject.digest.to_string()), (0, false));
    assert_eq!(site.count(Method::GET, &signature.digest.to_string()), 1);
    assert_eq!(site.stored(&format!("/v2/app/manifests/{}", signature.digest)), 404);
}
