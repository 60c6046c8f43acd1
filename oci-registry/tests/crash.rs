//! S13: a program that is killed while it writes.
//!
//! The test runs itself as a second process that pushes and reports each push that was answered, and kills it in the middle
//! of a later one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use http::{Request, Response, StatusCode};
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::transport::Body;
use oci_registry::Registry;
use oci_registry::storage::DirectoryStorage;
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};

#[test]
fn killed_while_writing() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..ROUNDS {
        let mut writer = Command::new(env::current_exe().unwrap())
            .args(["--exact", "writer", "--nocapture", "--ignored"])
            .env(DIRECTORY, directory.path())
            .env(FIRST, (round * 1000).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(writer.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let answered: Vec<String> = output
            .filter_map(|line| line.strip_prefix("pushed ").map(str::to_owned))
            .take(round % 7 + 1)
            .collect();
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert!(!answered.is_empty());
        check(directory.path(), &answered);
    }
}

/// The second process. It never ends by itself.
#[test]
#[ignore = "run by the other test, in a process of its own"]
fn writer() {
    let (Ok(directory), Ok(first)) = (env::var(DIRECTORY), env::var(FIRST)) else {
        return;
    };
    let registry = open(Path::new(&directory));
    for number in first.parse::<usize>().unwrap().. {
        let content = format!("{number}").repeat(1 + number * 7919 % 100_000);
        let digest = push_blob(&registry, content.as_bytes());
        push_blob(&registry, b"{}");
        let layer = Descriptor::of(MediaType::IMAGE_LAYER, content.as_bytes());
        let manifest = ImageManifest::new(Descriptor::of(MediaType::IMAGE_CONFIG, b"{}"), vec![layer]);
        let tag = number % 3;
        let request = Request::put(format!("/v2/a/manifests/tag{tag}"))
            .header("content-type", MediaType::IMAGE_MANIFEST.as_str())
            .body(serde_json::to_vec(&manifest).unwrap().into());
        assert_eq!(answer(&registry, request.unwrap()).status(), StatusCode::CREATED);
        println!("\npushed {digest}");
    }
}

/// Everything that is visible is whole, and everything that was answered is there.
fn check(directory: &Path, answered: &[String]) {
    for entry in fs::read_dir(directory.join("blobs/sha256")).unwrap() {
        let entry = entry.unwrap();
        let digest = Digest::sha256(&fs::read(entry.path()).unwrap());
        assert_eq!(*digest.encoded_string(), *entry.file_name());
    }
    let registry = open(directory);
    for digest in answered {
        assert_eq!(get(&registry, &format!("/v2/a/blobs/{digest}")).0, StatusCode::OK);
    }
    let (_, tags) = get(&registry, "/v2/a/tags/list");
    let tags: serde_json::Value = serde_json::from_slice(&tags).unwrap();
    for tag in tags.get("tags").unwrap().as_array().unwrap() {
        let (status, content) = get(&registry, &format!("/v2/a/manifests/{}", tag.as_str().unwrap()));
        assert_eq!(status, StatusCode::OK);
        let manifest: ImageManifest = serde_json::from_slice(&content).unwrap();
        for blob in manifest.blobs() {
            let (_, content) = get(&registry, &format!("/v2/a/blobs/{}", blob.digest));
            blob.verify(&content).unwrap();
        }
    }
}

fn open(directory: &Path) -> Registry {
    let storage = block_on(DirectoryStorage::open(directory, Arc::new(ThreadRuntime::new()))).unwrap();
    Registry::builder().storage(storage).build()
}

fn push_blob(registry: &Registry, content: &[u8]) -> Digest {
    let digest = Digest::sha256(content);
    let request = Request::post(format!("/v2/a/blobs/uploads/?digest={digest}")).body(content.to_vec().into());
    assert_eq!(answer(registry, request.unwrap()).status(), StatusCode::CREATED);
    digest
}

fn get(registry: &Registry, path: &str) -> (StatusCode, bytes::Bytes) {
    let response = answer(registry, Request::get(path).body(Body::empty()).unwrap());
    (
        response.status(),
        block_on(response.into_body().collect(usize::MAX)).unwrap(),
    )
}

fn answer(registry: &Registry, request: Request<Body>) -> Response<Body> {
    block_on(registry.handle(request))
}

/// Where the second process writes.
const DIRECTORY: &str = "OCI_REGISTRY_CRASH_DIRECTORY";
/// The number of the first blob that it writes.
const FIRST: &str = "OCI_REGISTRY_CRASH_FIRST";
/// How often a process is killed.
const ROUNDS: usize = 10;
