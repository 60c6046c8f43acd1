//! What is fetched, from where, and in which order (CP7, A10).

use std::collections::HashMap;

use bytes::Bytes;
use http::Request;
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_spec_types::{Descriptor, ImageManifest, MediaType};
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{Image, ORIGIN, blob_path, by_digest, document, layer, manifest_path, noise, repository, target};

#[test]
fn cp7_content_may_be_fetched_in_any_order() {
    let image = Image::new(1, &[10, 20]);
    let mut answers: HashMap<String, Bytes> = image
        .manifest()
        .blobs()
        .zip(&image.blobs)
        .map(|(descriptor, content)| (blob_path(&descriptor.digest), content.clone()))
        .collect();
    let bytes = Bytes::copy_from_slice(image.document.bytes());
    answers.insert(manifest_path(image.digest()), bytes);
    let blobs: Vec<Descriptor> = image.manifest().blobs().cloned().collect();
    // The manifest before, among and after its blobs, and these forwards and backwards.
    for place in 0..=blobs.len() {
        for backwards in [false, true] {
            let (runtime, answers) = (SimRuntime::new(), answers.clone());
            let server =
                move |request: &Request<Bytes>| Reply::new(200).with_body(answers[request.uri().path()].clone());
            let app = repository(&runtime, Responder::new(&runtime, server));
            let mut wanted: Vec<Option<&Descriptor>> = blobs.iter().map(Some).collect();
            if backwards {
                wanted.reverse();
            }
            wanted.insert(place, None);
            for descriptor in wanted {
                runtime.run(async {
                    match descriptor {
                        Some(blob) => drop(app.blob(blob).unwrap().bytes(100).await.unwrap()),
                        None => drop(app.manifest(&by_digest(image.digest())).await.unwrap()),
                    }
                });
            }
        }
    }
}

#[test]
fn a10_ch2_the_urls_of_a_descriptor_are_never_asked() {
    let content = noise(1, 100);
    for url in [
        "https://evil.test/layer",
        "http://evil.test/layer",
        "https://registry.test:444/layer",
        "https://registry.test/layer",
        "https://user:password@evil.test/layer",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://evil.test/layer",
        "//evil.test/layer",
        "nonsense",
    ] {
        let mut elsewhere = layer(&content);
        elsewhere.urls.push(url.to_owned());
        let config = Bytes::from_static(b"{}");
        let layers = vec![elsewhere.clone()];
        let root = document(ImageManifest::new(
            Descriptor::of(MediaType::IMAGE_CONFIG, &config),
            layers,
        ));
        let runtime = SimRuntime::new();
        let manifest = Bytes::copy_from_slice(root.bytes());
        let server = move |request: &Request<Bytes>| match request.uri().path() {
            path if path.ends_with("/manifests/v1") => Reply::new(200)
                .with_header("content-type", MediaType::IMAGE_MANIFEST.as_str())
                .with_body(manifest.clone()),
            path if *path == blob_path(&Descriptor::of(MediaType::IMAGE_CONFIG, &config).digest) => {
                Reply::new(200).with_body(config.clone())
            }
            // The registry itself does not have the layer.
            _ => Reply::new(404),
        };
        let recorder = Recorder::new(Responder::new(&runtime, server));
        let app = repository(&runtime, recorder.clone());
        runtime.run(async {
            let (v1, store, options) = (target("v1"), MemoryStore::new(), CopyOptions::new());
            app.blob(&elsewhere).unwrap().bytes(100).await.unwrap_err();
            app.blob_unverified(&elsewhere).read_at(0, 10).await.unwrap_err();
            copy(&app, &v1, &store, None, &options).await.unwrap_err();
        });
        let mine = blob_path(&elsewhere.digest);
        assert_eq!(recorder.count_where(|request| request.path == mine), 3, "{url}");
        assert_eq!(recorder.count_where(|request| request.origin != ORIGIN), 0, "{url}");
        assert_eq!(recorder.count_where(|request| request.path == "/layer"), 0, "{url}");
    }
}
