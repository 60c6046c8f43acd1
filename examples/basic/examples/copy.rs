//! Copies an image or artifact from one registry to another, or inside one, where blobs are mounted instead of moved.
//!
//! ```text
//! cargo run --example copy -- [--src-creds USER:PASSWORD] [--dst-creds USER:PASSWORD] SRC DST
//! ```
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
use oci_client_core::store::{CopyOptions, copy};
use oci_spec_types::{Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Copy an image or artifact from one registry to another, or inside one.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the source, in place of those that `login` keeps.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    src_creds: Option<Credential>,
    /// The same for the destination; inside one registry it need not be given twice.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    dst_creds: Option<Credential>,
    /// What to copy: host[:port]/repository[:tag][@digest].
    source: Reference,
    /// Where to: host[:port]/repository[:tag].
    #[arg(value_name = "DESTINATION", value_parser = destination)]
    target: Reference,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copy: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let (from, to) = (&args.source.or_latest(), &args.target);
    let named = from.target().ok_or("the source needs a tag or a digest")?;
    let source = connect(from.host(), args.plain_http, args.src_creds)?;
    // Only repositories of one client share what they know of a registry, and so mount blobs from each other.
    let target = match args.dst_creds {
        None if from.host() == to.host() => source.clone(),
        creds => connect(to.host(), args.plain_http, creds)?,
    };
    let options = CopyOptions::new().with_observer(|event| {
        eprintln!(
            "{} {} bytes {:?}",
            event.descriptor.digest, event.descriptor.size, event.stored
        );
    });
    let (source, target) = (source.repository(from), target.repository(to));
    let copied = copy(&source, &named, &target, to.tag(), &options).await?;
    println!("{}/{}@{}", to.host(), to.repository(), copied.root.digest());
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

fn destination(text: &str) -> Result<Reference, String> {
    let reference: Reference = text.parse().map_err(|error| format!("{error}"))?;
    match reference.digest() {
        None => Ok(reference),
        Some(_) => Err("what is copied keeps its digest; leave the digest out".to_owned()),
    }
}
