//! Copies an image or artifact: from one registry to another, or inside one, where blobs are mounted instead of moved; to and from image layouts and archives.
//!
//! ```text
//! cargo run --example copy -- [--src-creds USER:PASSWORD] [--dst-creds USER:PASSWORD] [--referrers] [--platform OS/ARCH]... SRC DST
//! ```
//!
//! SRC and DST are `host[:port]/repository[:tag][@digest]`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME:TAG]`. With one platform, its image is what is copied of an index; with
//! several, the index is, and only their images.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-image-tools = "0.1"
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
use oci_image_tools::location::Location;
use oci_spec_types::{Platform, Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Copy an image or artifact between registries, image layouts and archives.
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
    /// Copy what refers to it too: signatures, SBOMs and the like.
    #[arg(long)]
    referrers: bool,
    /// Of an index, copy the image for this platform only; may be given several times.
    #[arg(long, value_name = "OS/ARCH")]
    platform: Vec<Platform>,
    /// What to copy: a reference, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].
    source: Location,
    /// Where to: the same, without a digest.
    #[arg(value_name = "DESTINATION", value_parser = destination)]
    target: Location,
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
    let options = options(&args);
    let hosts = (host(&args.source), host(&args.target));
    let from = connect(hosts.0, args.plain_http, args.src_creds)?;
    // Only repositories of one client share what they know of a registry, and so mount blobs from each other.
    let to = match args.dst_creds {
        None if hosts.0 == hosts.1 => from.clone(),
        creds => connect(hosts.1, args.plain_http, creds)?,
    };
    let from = args.source.open(&from).await?;
    let to = args.target.create(&to).await?;
    let copied = copy(from.source(), from.target(), to.target(), to.tag(), &options).await?;
    to.finish().await?;
    println!("{}", args.target.with_digest(copied.root.digest().clone()));
    Ok(())
}

fn options(args: &Args) -> CopyOptions {
    let mut options = CopyOptions::new().with_observer(|event| {
        eprintln!(
            "{} {} bytes {:?}",
            event.descriptor.digest, event.descriptor.size, event.stored
        );
    });
    if args.referrers {
        options = options.with_referrers();
    }
    match args.platform.as_slice() {
        [platform] => options.with_platform(platform.clone()),
        platforms => options.with_sparse_platforms(platforms.iter().cloned()),
    }
}

fn host(location: &Location) -> Option<&RegistryHost> {
    location.registry().map(Reference::host)
}

fn connect(host: Option<&RegistryHost>, plain_http: bool, creds: Option<Credential>) -> Result<Client, Box<dyn Error>> {
    let transport = Arc::new(ReqwestTransport::new()?);
    let mut client = Client::builder(transport, Arc::new(TokioRuntime::try_current()?));
    if let (Some(host), true) = (host, plain_http) {
        client = client.profile(HostProfile::new(host.clone()).with_plain_http());
    }
    client = match (host, creds) {
        (Some(host), Some(credential)) => client.credentials(StaticCredentials::new().with(host.clone(), credential)),
        (None, Some(_)) => return Err("credentials are for registries, and this is none".into()),
        (_, None) => client.credentials(CredentialChain::default_files()),
    };
    Ok(client.build())
}

fn credential(text: &str) -> Result<Credential, &'static str> {
    let (user, password) = text.split_once(':').ok_or("expected USER:PASSWORD")?;
    Ok(Credential::password(user, password.to_owned()))
}

fn destination(text: &str) -> Result<Location, String> {
    let location: Location = text.parse().map_err(|error| format!("{error}"))?;
    match location.registry().and_then(Reference::digest) {
        None => Ok(location),
        Some(_) => Err("what is copied keeps its digest; leave the digest out".to_owned()),
    }
}
