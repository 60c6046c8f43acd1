//! Images as they are stored, and with other layers.

use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::ErrorKind;
use oci_client_core::runtime::block_on;
use oci_client_core::store::{MemoryStore, Source};
use oci_spec_types::{ImageManifest, MediaType};

use super::{check, image, layer, layer_with, odd, repository, runtime, scratch, tag};
use crate::ImageLimits;
use crate::build::{Image, ImageFormat};
use crate::layer::{Compression, LayerOptions};

#[test]
fn an_image_goes_to_a_registry_and_comes_back() {
    let (repository, built) = (repository(), image(&["a", "b"]));
    assert_eq!(
        built.config().digest().to_string(),
        "sha256:81072ad0588cb3e5585e0d313c99d5a7942398d529199aa96377a595908281d5",
    );
    block_on(built.put_to(&repository, Some(&"1".parse().unwrap()))).unwrap();
    let source: Arc<dyn Source> = Arc::new(repository.clone());
    let loaded = block_on(Image::load(source, &tag("1"), None)).unwrap();
    assert_eq!(loaded.manifest(), built.manifest());
    assert_eq!(loaded.config(), built.config());

    let changed = loaded.edit().append(&layer("c"), "c").label("k", "v").finish().unwrap();
    let store = MemoryStore::new();
    block_on(changed.put_to(&store, Some(&"2".parse().unwrap()))).unwrap();
    for blob in changed.manifest().value().blobs() {
        assert!(store.content(&blob.digest).is_some(), "{}", blob.digest);
    }
    block_on(changed.put_to(&repository, Some(&"2".parse().unwrap()))).unwrap();
    let loaded = block_on(Image::load(Arc::new(repository), &tag("2"), None)).unwrap();
    assert_eq!(loaded.digest(), changed.digest());
}

#[test]
fn what_is_no_image_is_not_loaded() {
    let store = MemoryStore::new();
    let artifact = ImageManifest::artifact(MediaType::from_static("application/vnd.example"), Vec::new());
    let artifact = oci_spec_types::Document::from_value(artifact).unwrap();
    store.add_manifest(artifact.into(), Some("artifact".parse().unwrap()));
    let store: Arc<dyn Source> = Arc::new(store);
    check(
        block_on(Image::load(store.clone(), &tag("artifact"), None)),
        ErrorKind::Unsupported,
        "no image",
    );
    check(
        block_on(Image::load(store, &tag("none"), None)),
        ErrorKind::NotFound,
        "none",
    );
}

#[test]
fn an_image_moves_to_another_base() {
    let (old, new) = (image(&["old"]), image(&["new-1", "new-2"]));
    let app = old
        .clone()
        .edit()
        .append(&layer("app"), "app")
        .env("A", "1")
        .finish()
        .unwrap();
    let moved = app.clone().rebase(&old, &new).unwrap();
    let expected = new
        .clone()
        .edit()
        .append(&layer("app"), "app")
        .env("A", "1")
        .finish()
        .unwrap();
    assert_eq!(moved.config().value(), expected.config().value());
    assert_eq!(moved.manifest().value().layers, expected.manifest().value().layers);
    block_on(moved.put_to(&MemoryStore::new(), None)).unwrap();

    check(app.clone().rebase(&new, &old), ErrorKind::Invalid, "does not begin");
    check(
        app.clone().rebase(&old, &scratch("linux/arm64")),
        ErrorKind::Invalid,
        "platform",
    );
    let docker = new.convert(ImageFormat::Docker).unwrap();
    check(app.rebase(&old, &docker), ErrorKind::Invalid, "format");
}

#[test]
fn a_base_that_tells_no_history_keeps_the_rest_in_step() {
    let old = block_on(Image::load(odd(), &tag("odd"), None)).unwrap();
    let app = old.clone().edit().append(&layer("app"), "app").finish().unwrap();
    for (from, onto, expected) in [
        (&old, image(&["new"]), vec![Some("new"), Some("app")]),
        (&old, old.clone(), vec![None, Some("app")]),
        (&old, scratch("linux/amd64"), vec![Some("app")]),
    ] {
        let moved = app.clone().rebase(from, &onto).unwrap();
        let steps = moved.config().value().history.iter();
        let told: Vec<_> = steps.map(|step| step.created_by.as_deref()).collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn u15_layers_are_compressed_anew_and_hold_the_same() {
    let built = scratch("linux/amd64")
        .edit()
        .append(&layer_with("a", Compression::None), "a")
        .append(&layer_with("b", Compression::Gzip), "b")
        .append(&layer_with("c", Compression::Zstd), "c")
        .finish()
        .unwrap();
    for compression in [Compression::Gzip, Compression::None, Compression::Zstd] {
        for memory in [0, usize::MAX] {
            let options = LayerOptions::new()
                .with_compression(compression)
                .with_spool(memory, None);
            let recoded = block_on(built.clone().recompress(&options, &runtime())).unwrap();
            assert_eq!(recoded.config(), built.config());
            let expected = ["a", "b", "c"].map(|name| layer_with(name, compression).descriptor().clone());
            assert_eq!(recoded.manifest().value().layers, expected);
            block_on(recoded.put_to(&MemoryStore::new(), None)).unwrap();
        }
    }
    let docker = built.clone().convert(ImageFormat::Docker).unwrap();
    let recoded = block_on(docker.recompress(&LayerOptions::new(), &runtime())).unwrap();
    let layers = &recoded.manifest().value().layers;
    assert!(
        layers
            .iter()
            .all(|layer| layer.media_type == MediaType::DOCKER_LAYER_GZIP)
    );

    let options = LayerOptions::new().with_limits(ImageLimits::new().with_bytes(1000));
    check(
        block_on(built.recompress(&options, &runtime())),
        ErrorKind::TooLarge,
        "1000 bytes",
    );
}

#[test]
fn layers_that_are_not_what_they_should_be_are_not_compressed_anew() {
    let options = LayerOptions::new().with_compression(Compression::Zstd);
    let wrong = image(&["a"]).edit().config(|config| {
        config.rootfs.diff_ids = vec![layer("b").diff_id().clone()];
    });
    let recoded = block_on(wrong.finish().unwrap().recompress(&options, &runtime()));
    check(recoded, ErrorKind::Mismatch, "without compression");

    let mut damaged = image(&["a"]);
    let digest = damaged.manifest.value().layers[0].digest.clone();
    damaged
        .origins
        .insert_content(&digest, Arc::new(Bytes::from(vec![0; 2000])));
    let recoded = block_on(damaged.recompress(&options, &runtime()));
    check(recoded, ErrorKind::Mismatch, "does not match its digest");
}
