//! Pushes an image from an OCI image layout.
//!
//! ```text
//! cargo run --example push-layout -- DIR[:TAG] REF
//! ```
//!
//! Without TAG the layout must have exactly one entry.
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

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_client_core::store::{CopyOptions, OciLayout, copy};
use oci_spec_types::{Reference, RegistryHost, Tag, TagOrDigest};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Push an image from an OCI image layout.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry, in place of those that `login` keeps.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// The layout's folder, and the tag of the entry to push.
    #[arg(value_name = "DIR[:TAG]")]
    layout: String,
    /// Where to push: host[:port]/repository[:tag].
    #[arg(value_name = "REF", value_parser = destination)]
    reference: Reference,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("push-layout: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let client = connect(args.reference.host(), args.plain_http, args.creds)?;
    let (dir, tag) = split(&args.layout);
    let layout = OciLayout::open(&dir, client.runtime().clone()).await?;
    let from = match tag {
        Some(tag) => TagOrDigest::Tag(tag),
        None => match layout.entries().await?.as_slice() {
            [entry] => TagOrDigest::Digest(entry.digest.clone()),
            entries => return Err(format!("the layout has {} entries: name one as DIR:TAG", entries.len()).into()),
        },
    };
    let options = CopyOptions::new().with_observer(|event| {
        eprintln!(
            "{} {} bytes {:?}",
            event.descriptor.digest, event.descriptor.size, event.stored
        );
    });
    let repository = client.repository(&args.reference);
    let copied = copy(&layout, &from, &repository, args.reference.tag(), &options).await?;
    println!(
        "{}/{}@{}",
        args.reference.host(),
        args.reference.repository(),
        copied.root.digest()
    );
    Ok(())
}

/// A folder that is there under the whole text has no tag.
fn split(text: &str) -> (PathBuf, Option<Tag>) {
    let parts = text.rsplit_once(':').filter(|_| !PathBuf::from(text).is_dir());
    match parts.and_then(|(dir, tag)| Some((dir, tag.parse().ok()?))) {
        Some((dir, tag)) => (dir.into(), Some(tag)),
        None => (text.into(), None),
    }
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

fn destination(text: &str) -> Result<Reference, String> {
    let reference: Reference = text.parse().map_err(|error| format!("{error}"))?;
    match reference.digest() {
        None => Ok(reference),
        Some(_) => Err("what is pushed has a digest of its own; leave the digest out".to_owned()),
    }
}
