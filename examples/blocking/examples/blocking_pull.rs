//! Pulls the layers of an artifact or image into a folder, without an executor: each in a file named after its digest.
//!
//! ```text
//! cargo run --example blocking_pull -- [REF DIR]
//! ```
//!
//! The logins of the user's Docker or Podman configuration are used. Without arguments it pushes an artifact to a registry in this process, and pulls that into a temporary folder.
//!
//! Cargo.toml:
//!
//! ```toml
//! bytes = "1"
//! oci-client-core = { version = "0.1", features = ["blocking", "credentials"] }
//! oci-registry = "0.1"
//! oci-spec-types = "0.1"
//! oci-transport-ureq = "0.1"
//! tempfile = "3"
//! ```

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use oci_client_core::blocking::{BlockOn, Client, Repository};
use oci_client_core::credentials::CredentialChain;
use oci_registry::Registry;
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, Reference, TagOrDigest};
use oci_transport_ureq::UreqTransport;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [] => demonstrate(),
        [reference, dir] => pull_from_network(reference, Path::new(dir)),
        _ => Err("usage: blocking_pull [REF DIR]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("blocking_pull: {error}");
            ExitCode::FAILURE
        }
    }
}

fn pull_from_network(reference: &str, dir: &Path) -> Result<(), Box<dyn Error>> {
    let reference = reference.parse::<Reference>()?.or_latest();
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let client = Client::builder(Arc::new(UreqTransport::new()?))
        .credentials(CredentialChain::default_files())
        .build();
    pull(&client.repository(&reference), &target, dir)
}

/// Manifest and layers come out verified: what differs from its digest is an error, and leaves no file.
fn pull(repository: &Repository, target: &TagOrDigest, dir: &Path) -> Result<(), Box<dyn Error>> {
    let document = repository.manifest(target)?;
    let manifest = document
        .value()
        .as_image()
        .ok_or("this is an index of several images: name one by its digest")?;
    for layer in &manifest.layers {
        let path = dir.join(layer.digest.to_string().replace(':', "-"));
        repository.blob(layer)?.save(&path)?;
        println!("{}", path.display());
    }
    println!("pulled {}", document.digest());
    Ok(())
}

fn demonstrate() -> Result<(), Box<dyn Error>> {
    // A transport that needs no executor does for threads too.
    let client = Client::new(Arc::new(BlockOn::new(Registry::in_memory())));
    let reference: Reference = "registry.example.com/demo/hello:1.0".parse()?;
    let repository = client.repository(&reference);
    let target = reference.target().ok_or("the reference has a tag")?;
    push(&repository, &target)?;
    pull(&repository, &target, tempfile::tempdir()?.path())
}

/// An artifact of one file.
fn push(repository: &Repository, target: &TagOrDigest) -> Result<(), Box<dyn Error>> {
    let content = "Hello, registry!\n";
    let layer = Descriptor::of(MediaType::from_static("text/plain"), content.as_bytes());
    let empty = Descriptor::empty();
    repository.push_blob(&layer, Arc::new(bytes::Bytes::from_static(content.as_bytes())))?;
    repository.push_blob(&empty, Arc::new(bytes::Bytes::from_static(b"{}")))?;
    let kind = MediaType::from_static("application/vnd.example.hello");
    let manifest = AnyManifest::Image(ImageManifest::artifact(kind, vec![layer]));
    repository.push_manifest(target, &Document::from_value(manifest)?)?;
    Ok(())
}
