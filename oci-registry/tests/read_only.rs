//! A registry that only answers what changes nothing, beside one over the same storage that takes everything.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::transport::Body;
use oci_registry::Registry;
use oci_registry::storage::{DirectoryStorage, MemoryStorage, Storage};
use oci_spec_types::Digest;

#[test]
fn rx1_nothing_changes_in_memory() {
    nothing_changes(Arc::new(MemoryStorage::new()));
}

#[test]
fn rx1_nothing_changes_in_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let storage = DirectoryStorage::open(directory.path(), Arc::new(ThreadRuntime::new()));
    nothing_changes(Arc::new(block_on(storage).unwrap()));
}

/// RX1: 405 where deletes are switched off; here also for every other method that writes, on every path.
fn nothing_changes(storage: Arc<dyn Storage>) {
    let writer = Registry::builder().storage(Arc::clone(&storage)).build();
    let reader = Registry::builder().storage(storage).read_only(true).build();
    let (config, digest) = (Digest::sha256(b"{}"), Digest::sha256(MANIFEST.as_bytes()));
    let config_push = format!("/v2/a/blobs/uploads/?digest={config}");
    push(&writer, Method::POST, &config_push, "{}", StatusCode::CREATED);
    push(
        &writer,
        Method::PUT,
        "/v2/a/manifests/tag",
        MANIFEST,
        StatusCode::CREATED,
    );
    let upload = begin_upload(&writer);
    let paths = [
        "/v2/".to_owned(),
        "/v2/_catalog".to_owned(),
        "/v2/a/tags/list".to_owned(),
        format!("/v2/a/blobs/{config}"),
        "/v2/a/manifests/tag".to_owned(),
        format!("/v2/a/manifests/{digest}"),
        format!("/v2/a/referrers/{digest}"),
        upload.clone(),
    ];
    for path in &paths {
        for method in [Method::DELETE, Method::PATCH, Method::POST, Method::PUT] {
            refused(&reader, method, path, "GET, HEAD");
        }
        for method in [Method::GET, Method::HEAD] {
            let answer = send(&reader, method.clone(), path, "");
            assert!(answer.status().is_success(), "{method} {path}: {answer:?}");
        }
    }
    let finish = format!("{upload}?digest={}", Digest::sha256(b"12345"));
    refused(&reader, Method::PUT, &finish, "GET, HEAD");
    refused(&reader, Method::POST, "/v2/a/blobs/uploads/", "");
    refused(&reader, Method::POST, &config_push, "");
    let mount = format!("/v2/b/blobs/uploads/?mount={config}&from=a");
    refused(&reader, Method::POST, &mount, "");

    // Nothing of it has done anything: what was there is, and the upload goes on where it was.
    push(&writer, Method::PUT, &finish, "", StatusCode::CREATED);
    for path in paths.iter().filter(|path| **path != upload) {
        push(&reader, Method::GET, path, "", StatusCode::OK);
    }
    push(&reader, Method::GET, "/v2/b/tags/list", "", StatusCode::NOT_FOUND);
}

/// An upload that has five bytes.
fn begin_upload(writer: &Registry) -> String {
    let begun = push(writer, Method::POST, "/v2/a/blobs/uploads/", "", StatusCode::ACCEPTED);
    let upload = begun.headers().get("location").unwrap().to_str().unwrap();
    push(writer, Method::PATCH, upload, "12345", StatusCode::ACCEPTED);
    upload.to_owned()
}

fn refused(registry: &Registry, method: Method, path: &str, allowed: &str) {
    let answer = push(registry, method, path, "12345", StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers().get("allow").unwrap(), allowed, "{path}");
    let body = block_on(answer.into_body().collect(4096)).unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(
        text.contains("\"UNSUPPORTED\"") && text.contains("read-only"),
        "{path}: {text}"
    );
}

fn push(registry: &Registry, method: Method, path: &str, body: &'static str, status: StatusCode) -> Response<Body> {
    let answer = send(registry, method.clone(), path, body);
    assert_eq!(answer.status(), status, "{method} {path}");
    answer
}

fn send(registry: &Registry, method: Method, path: &str, body: &'static str) -> Response<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/vnd.oci.image.manifest.v1+json");
    block_on(registry.handle(request.body(Body::from(body.as_bytes().to_vec())).unwrap()))
}

const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;
