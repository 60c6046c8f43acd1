//! The first run: pushes an artifact and an image to a registry in this process, and pulls both back, verified.
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! It needs no network, no Docker and no other program. For a real registry, take a transport such as `oci-transport-reqwest` in place of
//! the embedded registry; nothing else changes.
//!
//! Cargo.toml:
//!
//! ```toml
//! oci-client-core = { version = "0.1", features = ["thread-runtime"] }
//! oci-registry = "0.1"
//! oci-spec-types = "0.1"
//! ```

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use oci_client_core::client::{Client, Repository};
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_registry::Registry;
use oci_spec_types::{
    Annotations, AnyManifest, Architecture, Descriptor, Document, ImageConfig, ImageManifest, MediaType, Os, RootFs,
    Tag, TagOrDigest,
};

fn main() -> ExitCode {
    match block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let client = Client::new(Arc::new(Registry::in_memory()), Arc::new(ThreadRuntime::new()));
    let repository = client.repository(&"registry.example.com/demo/hello".parse()?);

    let store = MemoryStore::new();
    store.add_manifest(artifact(&store)?, Some("files".parse()?));
    store.add_manifest(image(&store)?, Some("image".parse()?));
    for tag in ["files", "image"] {
        push(&store, &repository, &tag.parse()?).await?;
    }

    println!("tags: {}", repository.tags().all().await?.join(", "));
    for tag in ["files", "image"] {
        pull(&repository, &tag.parse()?).await?;
    }
    println!("verified");
    Ok(())
}

/// An artifact made of two files.
fn artifact(store: &MemoryStore) -> Result<Document<AnyManifest>, Box<dyn Error>> {
    let text = MediaType::from_static("text/plain");
    let files = [("hello.txt", "Hello, registry!\n"), ("world.txt", "Hello, world!\n")];
    let layers = files.map(|(name, content)| {
        store
            .add_blob(text.clone(), content)
            .with_annotation(Annotations::TITLE, name)
    });
    store.add_blob(Descriptor::empty().media_type, "{}");
    let manifest = ImageManifest::artifact(MediaType::from_static("application/vnd.example.hello"), layers.into());
    Ok(Document::from_value(AnyManifest::Image(manifest))?)
}

/// An image of a config and two layers. (What is in a layer is of no interest to a registry.)
fn image(store: &MemoryStore) -> Result<Document<AnyManifest>, Box<dyn Error>> {
    let layers = ["first layer", "second layer"].map(|content| store.add_blob(MediaType::IMAGE_LAYER, content));
    let rootfs = RootFs::new(layers.iter().map(|layer| layer.digest.clone()).collect());
    let config = Document::from_value(ImageConfig::new(Os::LINUX, Architecture::AMD64, rootfs))?;
    let config = store.add_blob(config.media_type().clone(), config.bytes().to_vec());
    Ok(Document::from_value(AnyManifest::Image(ImageManifest::new(
        config,
        layers.into(),
    )))?)
}

async fn push(store: &MemoryStore, repository: &Repository, tag: &Tag) -> Result<(), Box<dyn Error>> {
    let from = TagOrDigest::Tag(tag.clone());
    let pushed = copy(store, &from, repository, Some(tag), &CopyOptions::new()).await?;
    println!("pushed {tag}: {}", pushed.root.digest());
    Ok(())
}

/// Everything that is pulled has been checked against its digest: content that differs is an error, not a result.
async fn pull(repository: &Repository, tag: &Tag) -> Result<(), Box<dyn Error>> {
    let from = TagOrDigest::Tag(tag.clone());
    let pulled = copy(repository, &from, &MemoryStore::new(), Some(tag), &CopyOptions::new()).await?;
    println!("pulled {tag}: {}", pulled.root.digest());
    Ok(())
}
