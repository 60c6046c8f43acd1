//! Whatever the upstream does: nothing wrong is answered as whole, and nothing wrong stays.

use http::Request;

use crate::site::{Fault, Site};

const FAULTS: &[(Fault, u16)] = &[
    (Fault::Down, 502),
    (Fault::Mismatch, 502),
    (Fault::Status(401), 403),
    (Fault::Status(403), 403),
    (Fault::Status(404), 404),
    (Fault::Status(429), 429),
    (Fault::Status(500), 502),
    (Fault::Status(503), 502),
    (Fault::Truncated, 502),
];

/// In a blob that has begun to come, what is wrong shows as a body that breaks off.
#[test]
fn of_a_blob() {
    for &(fault, status) in FAULTS {
        let site = Site::new();
        let content = [7; 5000];
        let path = format!("/v2/app/blobs/{}", site.blob("app", &content));
        site.fail(fault);
        let response = site.get(&path);
        if matches!(fault, Fault::Mismatch | Fault::Truncated) {
            assert_eq!(response.status(), 200, "{fault:?}");
            site.read(response).unwrap_err();
        } else {
            assert_eq!(response.status(), status, "{fault:?}");
        }
        assert_eq!(site.stored(&path), 404, "{fault:?}");
        // It is not asked again at once, and then it is.
        let requests = site.recorder.count();
        assert_eq!(site.get(&path).status(), status, "{fault:?}");
        assert_eq!(site.recorder.count(), requests, "{fault:?}");
        site.fail(None);
        site.wait(11);
        let response = site.get(&path);
        assert_eq!(response.status(), 200, "{fault:?}");
        assert_eq!(site.read(response).unwrap(), content[..], "{fault:?}");
        assert_eq!(site.stored(&path), 200, "{fault:?}");
    }
}

#[test]
fn of_a_manifest() {
    for &(fault, status) in FAULTS {
        let site = Site::new();
        let path = format!("/v2/app/manifests/{}", site.manifest("app", "", "a", None).digest);
        site.fail(fault);
        assert_eq!(site.get(&path).status(), status, "{fault:?}");
        assert_eq!(site.stored(&path), 404, "{fault:?}");
        site.fail(None);
        site.wait(11);
        assert_eq!(site.get(&path).status(), 200, "{fault:?}");
        assert_eq!(site.stored(&path), 200, "{fault:?}");
    }
}

#[test]
fn slow_is_no_fault() {
    let site = Site::new();
    let path = format!("/v2/app/blobs/{}", site.blob("app", b"slow"));
    site.fail(Fault::Slow);
    let response = site.get(&path);
    assert_eq!(site.read(response).unwrap(), "slow");
}

/// What is here is answered without asking, and so also when the upstream is gone.
#[test]
fn what_is_here_needs_no_upstream() {
    let site = Site::new();
    let blob = format!("/v2/app/blobs/{}", site.blob("app", b"content"));
    let manifest = format!("/v2/app/manifests/{}", site.manifest("app", "", "a", None).digest);
    for path in [&blob, &manifest] {
        let response = site.get(path);
        site.read(response).unwrap();
    }
    site.fail(Fault::Down);
    let requests = site.recorder.count();
    for path in [&blob, &manifest] {
        for request in [
            Request::get(path),
            Request::head(path),
            Request::get(path).header("range", "bytes=0-0"),
        ] {
            assert!(site.ask(request).status().is_success());
        }
    }
    assert_eq!(site.recorder.count(), requests);
}
