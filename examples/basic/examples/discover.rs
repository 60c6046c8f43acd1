//! Lists what refers to a manifest: signatures, SBOMs, attestations.
//!
//! ```text
//! cargo run --example discover -- [--artifact-type T] [--tree] REF
//! ```
//!
//! One line for each: digest and artifact type. With `--tree`, what refers to the referrers comes below them, further in.
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
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::{Client, Repository};
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_spec_types::{Digest, MediaType, Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// List what refers to a manifest.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// Only what is of this artifact type; with `--tree`, at the first level.
    #[arg(long, value_name = "T")]
    artifact_type: Option<MediaType>,
    /// Also what refers to the referrers, and so on.
    #[arg(long)]
    tree: bool,
    /// The manifest: host[:port]/repository[:tag][@digest]; the tag is `latest` if there is neither.
    #[arg(value_name = "REF")]
    reference: Reference,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("discover: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let reference = args.reference.or_latest();
    let repository = connect(reference.host(), args.plain_http, args.creds)?.repository(&reference);
    let subject = match (reference.digest(), reference.target()) {
        (Some(digest), _) => digest.clone(),
        (None, Some(target)) => {
            let found = repository.resolve(&target).await?;
            found.ok_or(format!("{reference} is not there"))?.digest
        }
        (None, None) => return Err("the reference needs a tag or a digest".into()),
    };
    let depth = if args.tree { MAX_DEPTH } else { 1 };
    print(&repository, subject, args.artifact_type, depth).await
}

/// Prints depth first; what is still to be looked at waits in `pending`, each with its depth.
async fn print(
    repository: &Repository,
    subject: Digest,
    mut artifact_type: Option<MediaType>,
    depth: usize,
) -> Result<(), Box<dyn Error>> {
    let mut seen = HashSet::new();
    let mut pending = vec![(0, subject, String::new())];
    while let Some((level, digest, line)) = pending.pop() {
        if level > 0 {
            writeln!(stdout(), "{}{line}", "  ".repeat(level - 1))?;
        }
        if level == depth || !seen.insert(digest.clone()) {
            continue;
        }
        let referrers = repository.referrers(&digest);
        let referrers = match artifact_type.take() {
            Some(artifact_type) => referrers.artifact_type(artifact_type).all().await?,
            None => referrers.all().await?,
        };
        pending.extend(referrers.into_iter().rev().map(|referrer| {
            let kind = referrer.artifact_type.as_ref().map_or("-", MediaType::as_str);
            let line = format!("{} {kind}", referrer.digest);
            (level + 1, referrer.digest, line)
        }));
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

/// Registries may list anything, also referrers without end.
const MAX_DEPTH: usize = 8;
