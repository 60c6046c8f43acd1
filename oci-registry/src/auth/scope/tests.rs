use super::*;

fn needed(method: &str, path: &str) -> String {
    let request = Request::builder().method(method).uri(path).body(()).unwrap();
    list(&Scope::needed(&request, &["delete"]))
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
fn a_scope_is_split_from_both_ends() {
    let scope = Scope::parse("repository(plugin):host:5000/a:pull,,push").unwrap();
    assert_eq!(scope.to_string(), "repository:host:5000/a:pull,push");
    assert!(Scope::parse("repository:a:").unwrap().is_empty());
    for text in ["", "a", "a:b"] {
        assert_eq!(Scope::parse(text), None, "{text}");
    }
}
