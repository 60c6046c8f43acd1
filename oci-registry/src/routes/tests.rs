use super::*;

/// Names may hold the words that paths are made of.
#[test]
fn s02_paths() {
    let digest = Digest::sha256(b"x");
    let id = "0123456789abcdef0123456789abcdef";
    let name = |text: &str| text.parse::<RepositoryName>().unwrap();
    let cases = [
        ("/v2".to_owned(), Route::Base),
        ("/v2/".to_owned(), Route::Base),
        ("/v2/_catalog".to_owned(), Route::Catalog),
        (
            format!("/v2/a/b/blobs/{digest}"),
            Route::Blob(name("a/b"), digest.clone()),
        ),
        (
            format!("/v2/a/blobs/{}", digest.to_string().replace(':', "%3a")),
            Route::Blob(name("a"), digest.clone()),
        ),
        (
            format!("/v2/blobs/uploads/blobs/{digest}"),
            Route::Blob(name("blobs/uploads"), digest.clone()),
        ),
        ("/v2/a/blobs/uploads/".to_owned(), Route::Uploads(name("a"))),
        ("/v2/a/blobs/uploads".to_owned(), Route::Uploads(name("a"))),
        (
            format!("/v2/a/blobs/uploads/{id}"),
            Route::Upload(name("a"), id.parse().unwrap()),
        ),
        (
            "/v2/tags/list/manifests/v1".to_owned(),
            Route::Manifest(name("tags/list"), tag("v1")),
        ),
        (
            "/v2/a/blobs/uploads/manifests/x".to_owned(),
            Route::Manifest(name("a/blobs/uploads"), tag("x")),
        ),
        (
            "/v2/manifests/manifests/manifests".to_owned(),
            Route::Manifest(name("manifests"), tag("manifests")),
        ),
        (
            format!("/v2/a/manifests/{digest}"),
            Route::Manifest(name("a"), TagOrDigest::Digest(digest.clone())),
        ),
        (
            format!("/v2/a/referrers/{digest}"),
            Route::Referrers(name("a"), digest.clone()),
        ),
        ("/v2/a/tags/list".to_owned(), Route::Tags(name("a"))),
        ("/v2/a/tags/list/tags/list".to_owned(), Route::Tags(name("a/tags/list"))),
    ];
    for (path, expected) in cases {
        assert_eq!(Route::parse(&Method::GET, &path).unwrap(), expected, "{path}");
    }
}

fn tag(text: &str) -> TagOrDigest {
    TagOrDigest::Tag(text.parse().unwrap())
}
