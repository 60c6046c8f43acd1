//! Pushes files as an artifact, one layer for each.
//!
//! ```text
//! cargo run --example push -- [--artifact-type T] [--annotation K=V]... [--chunk-size BYTES] REF FILE[:MEDIATYPE]...
//! ```
//!
//! A layer has its file's base name as title annotation. Without `--artifact-type` the artifact is an
//! `application/vnd.unknown.artifact.v1`, and without MEDIATYPE a layer is `application/octet-stream`.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-spec-types = "0.1"
//! oci-transport-reqwest = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```

use std::collections::HashSet;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::{Client, FileContent};
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_spec_types::{
    Annotations, AnyManifest, Descriptor, Document, ImageManifest, MediaType, Reference, TagOrDigest,
};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Push files as an artifact, one layer for each.
#[derive(Parser)]
struct Args {
    /// What kind of artifact it is.
    #[arg(long, value_name = "T", default_value = "application/vnd.unknown.artifact.v1")]
    artifact_type: MediaType,
    /// An annotation for the manifest.
    #[arg(long = "annotation", value_name = "K=V", value_parser = annotation)]
    annotations: Vec<(String, String)>,
    /// Send files larger than this in parts of this size, as far as the registry agrees.
    #[arg(long, value_name = "BYTES")]
    chunk_size: Option<u64>,
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry, in place of those that `login` keeps.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// Where to push: host[:port]/repository[:tag].
    #[arg(value_name = "REF", value_parser = destination)]
    reference: Reference,
    /// The files, each with the media type of its layer if that is to be another.
    #[arg(required = true, value_name = "FILE[:MEDIATYPE]")]
    files: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("push: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let mut profile = HostProfile::new(args.reference.host().clone());
    if args.plain_http {
        profile = profile.with_plain_http();
    }
    if let Some(bytes) = args.chunk_size {
        profile = profile.with_largest_upload(bytes);
    }
    let client = connect(profile, args.creds)?;
    let store = MemoryStore::new();
    let mut titles = HashSet::new();
    let mut layers = Vec::new();
    for file in &args.files {
        let (path, media_type) = split(file)?;
        let title = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or(format!("`{file}` is no file name"))?;
        if !titles.insert(title.to_owned()) {
            return Err(format!("two files are called `{title}`: titles must differ").into());
        }
        let content = FileContent::new(&path, client.runtime().clone());
        let layer = content
            .describe(media_type)
            .await?
            .with_annotation(Annotations::TITLE, title);
        store.add_content(&layer, Arc::new(content));
        layers.push(layer);
    }
    let config = Descriptor::empty();
    store.add_blob(config.media_type.clone(), "{}");
    let mut manifest = ImageManifest::new(config, layers).with_artifact_type(args.artifact_type);
    manifest.annotations.extend(args.annotations);
    let document = Document::from_value(AnyManifest::Image(manifest))?;
    let digest = document.digest().clone();
    store.add_manifest(document, None);
    let options = CopyOptions::new().with_observer(|event| {
        eprintln!(
            "{} {} bytes {:?}",
            event.descriptor.digest, event.descriptor.size, event.stored
        );
    });
    let repository = client.repository(&args.reference);
    copy(
        &store,
        &TagOrDigest::Digest(digest.clone()),
        &repository,
        args.reference.tag(),
        &options,
    )
    .await?;
    println!("{}/{}@{digest}", args.reference.host(), args.reference.repository());
    Ok(())
}

/// A file that is there under the whole text has no media type of its own.
fn split(file: &str) -> Result<(PathBuf, MediaType), String> {
    match file.rsplit_once(':').filter(|_| !PathBuf::from(file).exists()) {
        Some((path, media_type)) => {
            let media_type = media_type.parse().map_err(|error| format!("`{file}`: {error}"))?;
            Ok((path.into(), media_type))
        }
        None => Ok((file.into(), MediaType::from_static("application/octet-stream"))),
    }
}

fn annotation(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn connect(profile: HostProfile, creds: Option<Credential>) -> Result<Client, Box<dyn Error>> {
    let transport = Arc::new(ReqwestTransport::new()?);
    let client = Client::builder(transport, Arc::new(TokioRuntime::try_current()?));
    let client = match creds {
        Some(credential) => client.credentials(StaticCredentials::new().with(profile.host().clone(), credential)),
        None => client.credentials(CredentialChain::default_files()),
    };
    Ok(client.profile(profile).build())
}

fn credential(text: &str) -> Result<Credential, &'static str> {
    let (user, password) = text.split_once(':').ok_or("expected USER:PASSWORD")?;
    Ok(Credential::password(user, password.to_owned()))
}

fn destination(text: &str) -> Result<Reference, String> {
    let reference: Reference = text.parse().map_err(|error| format!("{error}"))?;
    match reference.digest() {
        None => Ok(reference),
        Some(_) => Err("what is pushed has a digest of its own; leave the digest out".to_owned()),
    }
}
