//! Pulls the one layer of an artifact into a file. Kill it and run it again: it goes on where it was.
//!
//! ```text
//! cargo run --example resume_pull -- [--jobs N] REF FILE
//! ```
//!
//! What has arrived is kept beside FILE until all of it is there and verified.
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
use oci_client_core::client::{BlobEvent, BlobProgress, Client, Observer, PullOptions};
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_spec_types::{AnyManifest, Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Pull the one layer of an artifact into a file, going on where an earlier run was.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry, in place of those that `login` keeps.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// How many parts of a large layer are on their way at a time.
    #[arg(long, default_value_t = PullOptions::DEFAULT_JOBS)]
    jobs: usize,
    /// What to pull: host[:port]/repository[:tag][@digest]; the tag is `latest` if there is neither.
    #[arg(value_name = "REF")]
    reference: Reference,
    /// What the layer is to be called.
    file: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("resume_pull: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let reference = args.reference.or_latest();
    let client = connect(reference.host(), args.plain_http, args.creds)?;
    let repository = client.repository(&reference);
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let manifest = repository.manifest(&target).await?;
    let AnyManifest::Image(image) = manifest.value() else {
        return Err("REF is an index; name one of its manifests by digest".into());
    };
    let [layer] = image.layers.as_slice() else {
        return Err(format!("REF has {} layers; this program pulls one", image.layers.len()).into());
    };
    let options = PullOptions::new().with_jobs(args.jobs).with_resume(true);
    repository.save_blob(layer, &args.file, &options).await?;
    println!("{}", layer.digest);
    Ok(())
}

/// Says where the download goes on.
struct Printer;

impl Observer for Printer {
    fn blob(&self, event: &BlobEvent<'_>) {
        if let BlobProgress::Resumed { offset } = event.progress {
            eprintln!("resumed at {offset} of {} bytes", event.size);
        }
    }
}

fn connect(host: &RegistryHost, plain_http: bool, creds: Option<Credential>) -> Result<Client, Box<dyn Error>> {
    let transport = Arc::new(ReqwestTransport::new()?);
    let mut client = Client::builder(transport, Arc::new(TokioRuntime::try_current()?)).observer(Arc::new(Printer));
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
