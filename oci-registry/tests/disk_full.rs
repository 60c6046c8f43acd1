//! S14: a disk that is full. `interop/disk_full` runs it on a small one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::transport::Body;
use oci_registry::Registry;
use oci_registry::storage::DirectoryStorage;
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};
use test_support::Rng;

#[test]
#[ignore = "needs a small disk; interop/disk_full makes one"]
fn s14_a_full_disk() {
    let disk = env::var("OCI_REGISTRY_SMALL_DISK").expect("the directory that a disk of 8 MiB is mounted on");
    let disk = Path::new(&disk);
    let registry = open(disk);
    let old = Rng::new(1).bytes(1_000_000);
    assert_eq!(push_image(&registry, &old), StatusCode::CREATED);
    let before = fs::read(disk.join("store/repositories/a/_tags/v1")).unwrap();

    // An upload that the disk cannot take: what fits of it stays.
    let content = Rng::new(2).bytes(3_000_000);
    let filler = fill(disk, 5_000_000);
    let location = start(&registry).unwrap();
    let answer = send(&registry, Request::patch(&location), content.clone());
    assert_eq!(answer.status(), StatusCode::INSUFFICIENT_STORAGE);
    let arrived = arrived(&registry, &location);
    assert!((1..content.len()).contains(&arrived), "{arrived} bytes");
    let whole = format!("/v2/a/blobs/uploads/?digest={}", Digest::sha256(&content));
    let answer = send(&registry, Request::post(whole), content.clone());
    assert_eq!(answer.status(), StatusCode::INSUFFICIENT_STORAGE);

    // Not a byte is left: nothing is stored, and everything that was there can be read.
    let rest = fill(disk, u64::MAX);
    assert_eq!(push_image(&registry, b"new"), StatusCode::INSUFFICIENT_STORAGE);
    assert_old_image(&registry, &old);
    drop(registry);
    let registry = open(disk);
    assert_old_image(&registry, &old);
    assert_eq!(fs::read(disk.join("store/repositories/a/_tags/v1")).unwrap(), before);

    // There is room again: the upload goes on where it was.
    fs::remove_file(filler).unwrap();
    fs::remove_file(rest).unwrap();
    assert_eq!(self::arrived(&registry, &location), arrived);
    let digest = Digest::sha256(&content);
    let rest = content.get(arrived..).unwrap().to_vec();
    let answer = send(&registry, Request::put(format!("{location}?digest={digest}")), rest);
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert!(get(&registry, &format!("/v2/a/blobs/{digest}")) == content);
    assert_eq!(push_image(&registry, b"new"), StatusCode::CREATED);
}

fn open(disk: &Path) -> Registry {
    let storage = DirectoryStorage::open(disk.join("store"), Arc::new(ThreadRuntime::new()));
    Registry::builder().storage(block_on(storage).unwrap()).build()
}

/// Writes a file of at most `size` bytes, as large as the disk takes it.
fn fill(disk: &Path, size: u64) -> std::path::PathBuf {
    let path = disk.join(format!("filler-{size}"));
    let mut file = File::create_new(&path).unwrap();
    let mut left = size;
    let mut block = 64 * 1024;
    while left > 0 && block > 0 {
        let length = block.min(usize::try_from(left).unwrap_or(block));
        match file.write(&vec![0; length]) {
            Ok(written) => left -= written as u64,
            Err(error) if error.kind() == ErrorKind::StorageFull => block /= 2,
            Err(error) => unreachable!("{error}"),
        }
    }
    path
}

/// Pushes an image with one layer under the tag `v1`; the status of the first answer that is no success, or of the last.
fn push_image(registry: &Registry, layer: &[u8]) -> StatusCode {
    for blob in [layer, b"{}"] {
        let post = format!("/v2/a/blobs/uploads/?digest={}", Digest::sha256(blob));
        let status = send(registry, Request::post(post), blob.to_vec()).status();
        if !status.is_success() {
            return status;
        }
    }
    let put = Request::put("/v2/a/manifests/v1").header("content-type", MediaType::IMAGE_MANIFEST.as_str());
    send(registry, put, manifest(layer)).status()
}

fn manifest(layer: &[u8]) -> Vec<u8> {
    let config = Descriptor::of(MediaType::IMAGE_CONFIG, b"{}");
    let layer = Descriptor::of(MediaType::IMAGE_LAYER, layer);
    serde_json::to_vec(&ImageManifest::new(config, vec![layer])).unwrap()
}

fn assert_old_image(registry: &Registry, layer: &[u8]) {
    assert!(get(registry, "/v2/a/manifests/v1") == manifest(layer));
    let blob = format!("/v2/a/blobs/{}", Digest::sha256(layer));
    assert!(get(registry, &blob) == layer);
    assert_eq!(send(registry, Request::head(blob), Vec::new()).status(), StatusCode::OK);
}

fn start(registry: &Registry) -> Option<String> {
    let answer = send(registry, Request::post("/v2/a/blobs/uploads/"), Vec::new());
    Some(answer.headers().get("location")?.to_str().unwrap().to_owned())
}

/// How many bytes an upload has.
fn arrived(registry: &Registry, location: &str) -> usize {
    let answer = send(registry, Request::get(location), Vec::new());
    let range = answer.headers().get("range").unwrap().to_str().unwrap();
    range.strip_prefix("0-").unwrap().parse::<usize>().unwrap() + 1
}

fn get(registry: &Registry, path: &str) -> Bytes {
    let answer = send(registry, Request::get(path), Vec::new());
    assert_eq!(answer.status(), StatusCode::OK);
    block_on(answer.into_body().collect(usize::MAX)).unwrap()
}

fn send(registry: &Registry, request: http::request::Builder, body: Vec<u8>) -> Response<Body> {
    block_on(registry.handle(request.body(body.into()).unwrap()))
}
