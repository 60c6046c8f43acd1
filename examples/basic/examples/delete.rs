//! Deletes a tag, or a manifest by its digest.
//!
//! ```text
//! cargo run --example delete -- REF
//! ```
//!
//! With a digest in REF the manifest goes, and every tag that names it; with a tag only that tag goes, where the registry
//! tells the two apart.
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
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_spec_types::{Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Delete a tag, or a manifest by its digest.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry, in place of those that `login` keeps.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// What to delete: host[:port]/repository:tag or host[:port]/repository@digest.
    #[arg(value_name = "REF", value_parser = named)]
    reference: Reference,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("delete: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let client = connect(args.reference.host(), args.plain_http, args.creds)?;
    let target = args
        .reference
        .target()
        .ok_or("name what to delete: REF needs a tag or a digest")?;
    client.repository(&args.reference).delete_manifest(&target).await?;
    println!("deleted {}", args.reference);
    Ok(())
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

fn named(text: &str) -> Result<Reference, String> {
    let reference: Reference = text.parse().map_err(|error| format!("{error}"))?;
    match (reference.tag(), reference.digest()) {
        (Some(_), Some(_)) => Err("name a tag or a digest: a digest takes all its tags along".to_owned()),
        (None, None) => Err("name what to delete: a tag or a digest is needed".to_owned()),
        _ => Ok(reference),
    }
}
