//! Shows the manifest or index that a reference stands for.
//!
//! ```text
//! cargo run --example inspect -- REF
//! ```
//!
//! The JSON goes to stdout, the digest to stderr.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-spec-types = "0.1"
//! oci-transport-reqwest = "0.1"
//! serde_json = "1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```

use std::error::Error;
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_spec_types::{Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Show the manifest or index that a reference stands for.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry, in place of those that `login` keeps.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// What to show: host[:port]/repository[:tag][@digest]; the tag is `latest` if there is neither.
    #[arg(value_name = "REF")]
    reference: Reference,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("inspect: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let reference = args.reference.or_latest();
    let client = connect(reference.host(), args.plain_http, args.creds)?;
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let manifest = client.repository(&reference).manifest(&target).await?;
    eprintln!("{}", manifest.digest());
    writeln!(stdout(), "{}", serde_json::to_string_pretty(manifest.value())?)?;
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
