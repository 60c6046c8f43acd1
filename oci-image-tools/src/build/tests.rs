mod documents;
mod indexes;
mod layers;

use std::sync::Arc;

use oci_client_core::client::Client;
use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
use oci_client_core::store::{MemoryStore, Source};
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::{Descriptor, Document, ImageManifest, MediaType, TagOrDigest};

use super::Image;
use crate::layer::{Compression, Layer, LayerBuilder, LayerOptions};

fn runtime() -> Arc<dyn Runtime> {
    Arc::new(ThreadRuntime::new())
}

fn tag(tag: &str) -> TagOrDigest {
    TagOrDigest::Tag(tag.parse().unwrap())
}

fn layer_with(name: &str, compression: Compression) -> Layer {
    let options = LayerOptions::new().with_compression(compression);
    let layer = LayerBuilder::new(options)
        .with_bytes(name, 0o644, name.repeat(1000))
        .unwrap();
    block_on(layer.build(&runtime())).unwrap()
}

fn layer(name: &str) -> Layer {
    layer_with(name, Compression::Gzip)
}

fn scratch(platform: &str) -> Image {
    Image::scratch(platform.parse().unwrap()).unwrap()
}

/// An image of one layer for each name.
fn image(names: &[&str]) -> Image {
    let edit = scratch("linux/amd64").edit();
    let edit = names.iter().fold(edit, |edit, name| edit.append(&layer(name), *name));
    edit.finish().unwrap()
}

/// A repository of the embedded registry.
fn repository() -> oci_client_core::client::Repository {
    let client = Client::new(Arc::new(Registry::in_memory()), runtime());
    client.repository(&"registry.example.com/app".parse().unwrap())
}

/// The kind of an error, and that its text has `part`.
fn check(result: Result<impl Sized, Error>, kind: ErrorKind, part: &str) {
    let Err(error) = result else {
        panic!("no error about {part:?}");
    };
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

/// A store with an image whose documents are written in a way of their own.
fn odd() -> Arc<dyn Source> {
    let store = MemoryStore::new();
    let made = layer("base");
    store.add_content(made.descriptor(), made.content().clone());
    let config = CONFIG.replace("DIFF_ID", &made.diff_id().to_string());
    let config = store.add_blob(MediaType::IMAGE_CONFIG, config);
    let manifest = format!(
        r#"{{ "x": 1.50e1,
  "layers": [ {} ], "config": {}, "annotations": null, "schemaVersion": 2}}"#,
        json(made.descriptor()),
        json(&config)
    );
    let manifest = Document::<ImageManifest>::parse(manifest.as_bytes(), MediaType::IMAGE_MANIFEST).unwrap();
    store.add_manifest(manifest.into(), Some("odd".parse().unwrap()));
    Arc::new(store)
}

fn json(descriptor: &Descriptor) -> String {
    let (kind, digest, size) = (&descriptor.media_type, &descriptor.digest, descriptor.size);
    format!(r#"{{ "size":  {size}, "digest": "{digest}", "mediaType": "{kind}", "y" :[1.0, 2] }}"#)
}

const CONFIG: &str = r#"{
 "os": "linux", "history": null, "z": {"b": 1.0, "a": 10000000000000000000000000},
 "rootfs": {"diff_ids": ["DIFF_ID"], "type": "layers", "w": 0.10},
 "config": {"Healthcheck": {"Test": [ "NONE" ]}, "Env": [ "PATH=/bin",  "A=1" ]},
 "architecture": "amd64"
}"#;
