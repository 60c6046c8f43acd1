//! Pulls an image or artifact into an OCI image layout.
//!
//! ```text
//! cargo run --example pull -- [--platform OS/ARCH[/VARIANT]] [--jobs N] REF DIR
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
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_client_core::store::{CopyOptions, OciLayout, copy};
use oci_spec_types::{Platform, Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Pull an image or artifact into an OCI image layout.
#[derive(Parser)]
struct Args {
    /// Only the image for this platform, where REF is an index of several.
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<Platform>,
    /// How many blobs to pull at a time.
    #[arg(long, value_name = "N", default_value_t = CopyOptions::DEFAULT_JOBS)]
    jobs: usize,
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry, in place of those that `login` keeps.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// What to pull: host[:port]/repository[:tag][@digest]; the tag is `latest` if there is neither.
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The layout's folder; created if it is not there.
    dir: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pull: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let reference = args.reference.or_latest();
    let client = connect(reference.host(), args.plain_http, args.creds)?;
    let mut options = CopyOptions::new().with_jobs(args.jobs).with_observer(|event| {
        eprintln!("{} {} bytes", event.descriptor.digest, event.descriptor.size);
    });
    if let Some(platform) = args.platform {
        options = options.with_platform(platform);
    }
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let layout = OciLayout::create(&args.dir, client.runtime().clone()).await?;
    let copied = copy(
        &client.repository(&reference),
        &target,
        &layout,
        reference.tag(),
        &options,
    )
    .await?;
    println!("{}", copied.root.digest());
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
