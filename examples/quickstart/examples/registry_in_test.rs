//! A registry in a test of your own: no network, no Docker, no port.
//!
//! ```text
//! cargo test --example registry_in_test
//! cargo run --example registry_in_test
//! ```
//!
//! The test is the function at the end; before it stands what it tests, which knows nothing of tests. Where the program under test is another
//! process, put the registry on a port with `oci_registry::Server`.
//!
//! Cargo.toml:
//!
//! ```toml
//! [dependencies]
//! oci-client-core = "0.1"
//! oci-spec-types = "0.1"
//!
//! [dev-dependencies]
//! oci-client-core = { version = "0.1", features = ["thread-runtime"] }
//! oci-registry = "0.1"
//! ```

use std::error::Error;
use std::sync::Arc;

use oci_client_core::client::{Client, Repository};
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_registry::Registry;
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, Tag, TagOrDigest};

fn main() -> Result<(), Box<dyn Error>> {
    what_is_published_can_be_fetched()?;
    println!("pushed and pulled: the content is the same");
    Ok(())
}

/// Publishes a text under a tag.
async fn publish(repository: &Repository, tag: &Tag, text: &str) -> Result<(), Box<dyn Error>> {
    let store = MemoryStore::new();
    let layer = store.add_blob(MediaType::from_static("text/plain"), text.to_owned());
    store.add_blob(Descriptor::empty().media_type, "{}");
    let manifest = ImageManifest::artifact(MediaType::from_static("application/vnd.example.note"), vec![layer]);
    store.add_manifest(Document::from_value(AnyManifest::Image(manifest))?, Some(tag.clone()));
    copy(
        &store,
        &TagOrDigest::Tag(tag.clone()),
        repository,
        Some(tag),
        &CopyOptions::new(),
    )
    .await?;
    Ok(())
}

/// The text under a tag.
async fn fetch(repository: &Repository, tag: &Tag) -> Result<String, Box<dyn Error>> {
    let manifest = repository.manifest(&TagOrDigest::Tag(tag.clone())).await?;
    let AnyManifest::Image(manifest) = manifest.value() else {
        return Err(format!("{tag} is an index").into());
    };
    let layer = manifest.layers.first().ok_or("it has no layer")?;
    let content = repository.blob(layer)?.bytes(1024 * 1024).await?;
    Ok(String::from_utf8(content.to_vec())?)
}

/// In a project of your own this is a plain `#[test]`; here `main` calls it too.
#[cfg_attr(test, test)]
fn what_is_published_can_be_fetched() -> Result<(), Box<dyn Error>> {
    block_on(async {
        let client = Client::new(Arc::new(Registry::in_memory()), Arc::new(ThreadRuntime::new()));
        let repository = client.repository(&"registry.test/notes".parse()?);
        let tag = "first".parse()?;
        publish(&repository, &tag, "Hello, registry!").await?;
        assert_eq!(fetch(&repository, &tag).await?, "Hello, registry!");
        Ok(())
    })
}
