//! Lists the repositories of a registry.
//!
//! ```text
//! cargo run --example catalog -- HOST
//! ```
//!
//! Many public registries do not offer this.
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
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_spec_types::RegistryHost;
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// List the repositories of a registry.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// The registry: host[:port].
    #[arg(value_name = "HOST")]
    host: RegistryHost,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("catalog: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let client = connect(&args.host, args.plain_http, args.creds)?;
    let mut catalog = client.registry(&args.host).catalog();
    while let Some(page) = catalog.page().await? {
        for name in page {
            writeln!(stdout(), "{name}")?;
        }
    }
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
