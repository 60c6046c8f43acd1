use super::*;
use crate::auth::scope::list;

fn needed(method: &str, path: &str) -> String {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let needed = Needed::by(&request, &["delete"]);
    assert_eq!(needed.error.is_some(), path.contains('A'), "{path}");
    list(&needed.wanted())
}

#[test]
fn what_each_request_needs() {
    let digest = format!("sha256:{}", "0".repeat(64));
    let id = "0".repeat(32);
    for (method, path, scopes) in [
        ("GET", "/v2/".to_owned(), ""),
        ("GET", "/v2/_catalog".to_owned(), "registry:catalog:*"),
        ("GET", "/v2/a/b/manifests/v1".to_owned(), "repository:a/b:pull"),
        ("HEAD", format!("/v2/a/blobs/{digest}"), "repository:a:pull"),
        ("PUT", "/v2/a/manifests/v1".to_owned(), "repository:a:pull,push"),
        ("DELETE", "/v2/a/manifests/v1".to_owned(), "repository:a:delete"),
        ("DELETE", format!("/v2/a/blobs/{digest}"), "repository:a:delete"),
        ("GET", format!("/v2/a/referrers/{digest}"), "repository:a:pull"),
        ("GET", "/v2/a/tags/list?n=1".to_owned(), "repository:a:pull"),
        ("POST", "/v2/a/blobs/uploads/".to_owned(), "repository:a:pull,push"),
        ("DELETE", format!("/v2/a/blobs/uploads/{id}"), "repository:a:pull,push"),
        (
            "POST",
            format!("/v2/a/blobs/uploads/?mount={digest}&from=b%2Fc"),
            "repository:a:pull,push repository:b/c:pull",
        ),
        (
            "POST",
            "/v2/a/blobs/uploads/?from=b".to_owned(),
            "repository:a:pull,push",
        ),
        ("GET", "/v2/A/manifests/v1".to_owned(), ""),
    ] {
        assert_eq!(needed(method, &path), scopes, "{method} {path}");
    }
}

#[test]
fn a_mount_is_left_out_by_whatever_name_it_goes() {
    for (query, left) in [
        ("mount=x&from=y", ""),
        ("m%6Funt=x&%66rom=y&digest=z", "?digest=z"),
        (
            "digest=z&from=y&digest-algorithm=a&mount",
            "?digest=z&digest-algorithm=a",
        ),
        ("mounts=x&from_=y", "?mounts=x&from_=y"),
    ] {
        let uri = format!("https://registry.test/v2/a/blobs/uploads/?{query}");
        let mut request = Request::post(uri).body(Body::empty()).unwrap();
        leave_mount_out(&mut request);
        let expected = format!("https://registry.test/v2/a/blobs/uploads/{left}");
        assert_eq!(request.uri().to_string(), expected);
    }
}
