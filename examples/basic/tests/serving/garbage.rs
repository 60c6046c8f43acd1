//! `serve` removes what nothing refers to.

use std::ffi::OsStr;
use std::path::Path;

use http::{Request, StatusCode};
use oci_client_core::transport::{Body, Transport};
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};
use oci_transport_reqwest::ReqwestTransport;

use crate::process::Serving;

/// What is as old as the grace goes, at once; what is younger stays, and so does a manifest unless it has been said that those without a tag go.
#[tokio::test]
async fn goes_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let config = Descriptor::of(MediaType::IMAGE_CONFIG, b"{}");
    let manifest = serde_json::to_vec(&ImageManifest::new(config, Vec::new())).unwrap();
    let [blob, config] = [&b"garbage"[..], b"{}"].map(|content| format!("blobs/{}", Digest::sha256(content)));
    let untagged = format!("manifests/{}", Digest::sha256(&manifest));
    {
        // With an hour of grace.
        let serving = start(folder.path(), &[]);
        for (content, path) in [(&b"garbage"[..], &blob), (b"{}", &config)] {
            let digest = path.strip_prefix("blobs/").unwrap();
            let push = Request::post(url(&serving, &format!("blobs/uploads/?digest={digest}")));
            assert_eq!(send(push, content).await, StatusCode::CREATED);
        }
        let push = Request::put(url(&serving, &untagged)).header("content-type", MediaType::IMAGE_MANIFEST.as_str());
        assert_eq!(send(push, &manifest).await, StatusCode::CREATED);
    }
    for (option, told, left) in [
        ("--gc-interval=1", "removed 1 blobs and 0 manifests", [404, 200, 200]),
        ("--gc-untagged", "removed 1 blobs and 1 manifests", [404, 404, 404]),
    ] {
        let mut serving = start(folder.path(), &[option, "--gc-grace=0"]);
        serving.line_with(told);
        for (path, status) in [&blob, &untagged, &config].into_iter().zip(left) {
            let head = Request::get(url(&serving, path));
            assert_eq!(send(head, b"").await, status, "{option}: {path}");
        }
    }
}

fn start(folder: &Path, options: &[&str]) -> Serving {
    let arguments = ["--dir".as_ref(), folder.as_os_str()];
    Serving::start(arguments.into_iter().chain(options.iter().map(OsStr::new)))
}

fn url(serving: &Serving, path: &str) -> String {
    format!("{}/v2/a/{path}", serving.address)
}

async fn send(request: http::request::Builder, body: &[u8]) -> StatusCode {
    let transport = ReqwestTransport::builder().no_proxy().build().unwrap();
    let request = request.body(Body::from(body.to_vec())).unwrap();
    transport.send(request).await.unwrap().status()
}
