//! Attaches files to a manifest as an artifact that refers to it: a signature, an SBOM, a report.
//!
//! ```text
//! cargo run --example attach -- --artifact-type T [--annotation K=V]... REF FILE[:MEDIATYPE]...
//! ```
//!
//! A layer has its file's base name as title annotation; without MEDIATYPE it is `application/octet-stream`. How the registry
//! came to list the artifact goes to stderr, its reference to stdout.
//!
//! Cargo.toml:
//!
//! ```toml
//! bytes = "1"
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-spec-types = "0.1"
//! oci-transport-reqwest = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use clap::Parser;
use oci_client_core::client::{Client, FileContent};
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_spec_types::{
    Annotations, AnyManifest, Descriptor, Document, ImageManifest, MediaType, Reference, RegistryHost, TagOrDigest,
};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Attach files to a manifest.
#[derive(Parser)]
struct Args {
    /// What kind of artifact it is.
    #[arg(long, value_name = "T")]
    artifact_type: MediaType,
    /// An annotation for the artifact.
    #[arg(long = "annotation", value_name = "K=V", value_parser = annotation)]
    annotations: Vec<(String, String)>,
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// The manifest: host[:port]/repository[:tag][@digest]; the tag is `latest` if there is neither.
    #[arg(value_name = "REF")]
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
            eprintln!("attach: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let reference = args.reference.or_latest();
    let client = connect(reference.host(), args.plain_http, args.creds)?;
    let repository = client.repository(&reference);
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let subject = repository.resolve(&target).await?;
    let subject = subject.ok_or(format!("{reference} is not there"))?;
    let mut layers = Vec::new();
    for file in &args.files {
        let (path, media_type) = split(file)?;
        let title = path.file_name().and_then(|name| name.to_str());
        let title = title.ok_or(format!("`{file}` is no file name"))?.to_owned();
        let content = FileContent::new(&path, client.runtime().clone());
        let layer = content.describe(media_type).await?;
        repository.push_blob(&layer, Arc::new(content)).await?;
        layers.push(layer.with_annotation(Annotations::TITLE, title));
    }
    let config = Bytes::from_static(b"{}");
    repository.push_blob(&Descriptor::empty(), Arc::new(config)).await?;
    let mut manifest = ImageManifest::artifact(args.artifact_type, layers).with_subject(subject);
    manifest.annotations.extend(args.annotations);
    let document = Document::from_value(AnyManifest::Image(manifest))?;
    let digest = TagOrDigest::Digest(document.digest().clone());
    let stored = repository.push_manifest(&digest, &document).await?;
    if let Some(recorded) = stored.referrer {
        eprintln!("listed: {recorded:?}");
    }
    println!("{}/{}@{digest}", reference.host(), reference.repository());
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

fn connect(host: &RegistryHost, plain_http: bool, creds: Option<Credential>) -> Result<Client, Box<dyn Error>> {
    let transport = Arc::new(ReqwestTransport::new()?);
    let mut client = Client::builder(transport, Arc::new(TokioRuntime::try_current()?));
    if plain_http {
        client = client.profile(HostProfile::new(host.clone()).with_plain_http());
    }
    client = match creds {
        Some(credential) => client.credentials(StaticCredentials::new().with(host.clone(), credential)),
        None => client.credentials(CredentialChain::default_files()),
    };
    Ok(client.build())
}

fn credential(text: &str) -> Result<Credential, &'static str> {
    let (user, password) = text.split_once(':').ok_or("expected USER:PASSWORD")?;
    Ok(Credential::password(user, password.to_owned()))
}
