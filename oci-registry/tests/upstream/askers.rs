//! Many who want the same blob, and those who go away or read slowly.

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Request};
use oci_client_core::transport::Body;

use crate::site::{Fault, Site};

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at / 100 % 251).unwrap()).collect()
}

fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn whole(site: &Site, path: &str) -> Bytes {
    let response = site.here.handle(request(path)).await;
    assert_eq!(response.status(), 200);
    response.into_body().collect(usize::MAX).await.unwrap()
}

#[test]
fn fifty_cost_one_request() {
    let site = Site::new();
    let content = content(200_000);
    let path = format!("/v2/app/blobs/{}", site.blob("app", &content));
    site.fail(Fault::Slow);
    let all = site.runtime.run(join_all((0..50).map(|_| whole(&site, &path))));
    assert!(all.iter().all(|got| *got == content));
    assert_eq!(site.count(Method::GET, "/blobs/"), 1);
    assert_eq!(site.count(Method::HEAD, "/blobs/"), 1);
}

#[test]
fn fifty_cost_one_request_for_a_manifest() {
    let site = Site::new();
    site.manifest("app", "latest", "a", None);
    site.fail(Fault::Slow);
    let all = site
        .runtime
        .run(join_all((0..50).map(|_| whole(&site, "/v2/app/manifests/latest"))));
    assert!(all.iter().all(|got| got == &all[0]));
    assert_eq!(site.recorder.count(), 2);
}

/// The first goes away before the answer, at its head, or in the middle of it.
#[test]
fn the_first_harms_nobody_by_leaving() {
    let content = content(200_000);
    for pieces in [None, Some(0), Some(1), Some(70)] {
        let site = Site::new();
        let path = format!("/v2/app/blobs/{}", site.blob("app", &content));
        if let Some(pieces) = pieces {
            site.runtime.run(async {
                let mut body = site.here.handle(request(&path)).await.into_body();
                for _ in 0..pieces {
                    body.chunk().await.unwrap().unwrap();
                }
            });
        } else {
            assert!(site.runtime.run_for(1, site.here.handle(request(&path))).is_none());
        }
        assert_eq!(site.runtime.run(whole(&site, &path)), content);
        assert_eq!(site.count(Method::GET, "/blobs/"), 1, "{pieces:?}");
    }
}

/// One who does not read holds up nobody, and has all of it in the end.
#[test]
fn the_first_harms_nobody_by_waiting() {
    let site = Site::new();
    let content = content(200_000);
    let path = format!("/v2/app/blobs/{}", site.blob("app", &content));
    site.runtime.run(async {
        let first = site.here.handle(request(&path)).await;
        assert_eq!(whole(&site, &path).await, content);
        assert_eq!(first.into_body().collect(usize::MAX).await.unwrap(), content);
    });
    assert_eq!(site.count(Method::GET, "/blobs/"), 1);
}

/// A part is that of a blob that was verified as a whole.
#[test]
fn a_range_of_a_blob_that_is_not_here() {
    for (range, status, part) in [
        ("bytes=100-199", 206, 100..200),
        ("bytes=-10", 206, 4990..5000),
        ("bytes=5000-", 416, 0..0),
    ] {
        let site = Site::new();
        let content = content(5000);
        let path = format!("/v2/app/blobs/{}", site.blob("app", &content));
        let response = site.ask(Request::get(&path).header("range", range));
        assert_eq!(response.status(), status);
        if status == 206 {
            assert_eq!(site.read(response).unwrap(), content[part]);
        }
        assert_eq!(site.stored(&path), 200);
        let asked = site.recorder.requests();
        assert!(
            asked.iter().all(|request| request.header("range").is_none()),
            "{asked:?}"
        );
    }
}

#[test]
fn a_range_of_a_wrong_blob_is_refused() {
    let site = Site::new();
    let path = format!("/v2/app/blobs/{}", site.blob("app", &content(5000)));
    site.fail(Fault::Mismatch);
    assert_eq!(site.ask(Request::get(&path).header("range", "bytes=0-0")).status(), 502);
    assert_eq!(site.stored(&path), 404);
}

/// The head of a blob fetches none of it.
#[test]
fn a_head_fetches_nothing() {
    let site = Site::new();
    let path = format!("/v2/app/blobs/{}", site.blob("app", &content(5000)));
    let response = site.ask(Request::head(&path));
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-length"]),
        (200, &"5000".parse().unwrap())
    );
    assert_eq!(site.recorder.lines(), [format!("HEAD {path}")]);
}

#[test]
fn only_so_many_at_once() {
    let site = Site::with(|upstream| upstream.with_pulls(1));
    let paths = [site.blob("app", b"one"), site.blob("app", b"two")].map(|digest| format!("/v2/app/blobs/{digest}"));
    site.fail(Fault::Slow);
    let statuses = site.runtime.run(join_all(
        paths
            .iter()
            .map(async |path| site.here.handle(request(path)).await.status()),
    ));
    assert_eq!(statuses, [200, 503]);
}
