//! Sends a request of your own to a repository, with the client's authorization, retry and errors.
//!
//! ```text
//! cargo run --example raw_request -- REF METHOD PATH
//! ```
//!
//! PATH is below `/v2/REPOSITORY`, such as `tags/list?n=3`, or begins with `/v2/` itself. A tag or digest of REF is left alone. The status and the header
//! fields go to stderr, the body to stdout.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! bytes = "1"
//! http = "1"
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-spec-types = "0.1"
//! oci-transport-reqwest = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```

use std::error::Error;
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use clap::Parser;
use http::{Method, Request, Uri};
use oci_client_core::client::Client;
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_spec_types::{Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Send a request of your own to a repository.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry, in place of those that `login` keeps.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// The repository: host[:port]/repository.
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The method, such as GET.
    #[arg(value_name = "METHOD")]
    method: Method,
    /// The path below the repository or from `/v2/` on, with its query.
    #[arg(value_name = "PATH", value_parser = path)]
    path: Uri,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("raw_request: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let client = connect(args.reference.host(), args.plain_http, args.creds)?;
    let whole = args.path.scheme().is_none() && args.path.path().starts_with("/v2/");
    let request = Request::builder()
        .method(args.method)
        .uri(args.path)
        .body(Bytes::new())?;
    let response = if whole {
        client.registry(args.reference.host()).send(request).await?
    } else {
        client.repository(&args.reference).send(request).await?
    };
    let (head, mut body) = response.into_parts();
    eprintln!("{}", head.status);
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        eprintln!("{name}: {}", value.replace(char::is_control, "\u{fffd}"));
    }
    while let Some(chunk) = body.chunk().await? {
        stdout().write_all(&chunk)?;
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

/// `tags/list` is below the repository as `/tags/list` is.
fn path(text: &str) -> Result<Uri, String> {
    let slash = if text.starts_with('/') || text.contains("://") {
        ""
    } else {
        "/"
    };
    format!("{slash}{text}").parse().map_err(|error| format!("{error}"))
}

fn credential(text: &str) -> Result<Credential, &'static str> {
    let (user, password) = text.split_once(':').ok_or("expected USER:PASSWORD")?;
    Ok(Credential::password(user, password.to_owned()))
}
