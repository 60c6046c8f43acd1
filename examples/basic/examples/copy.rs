//! Copies an image or artifact: from one registry to another, or inside one, where blobs are mounted instead of moved; to and from image layouts and archives.
//!
//! ```text
//! cargo run --example copy -- [--src-creds USER:PASSWORD] [--dst-creds USER:PASSWORD] [--referrers] [--digest-tags] [--platform OS/ARCH]... [--dry-run] SRC DST
//! cargo run --example copy -- --all-tags [--tag PATTERN]... [--no-clobber] [--keep-going] SRC DST
//! ```
//!
//! SRC and DST are `host[:port]/repository[:tag][@digest]`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME:TAG]`. With one platform, its image is what is copied of an index; with
//! several, the index is, and only their images. With `--all-tags` it is all tags of SRC, or those that match a PATTERN such as `v1.*`.
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
use oci_client_core::store::{
    Copied, CopyOptions, RepositoryCopyOptions, TagOutcome, TagPattern, copy, copy_repository,
};
use oci_image_tools::location::{Destination, Location};
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
    /// Copy what is tagged with its digest too: signatures as they were attached before there were referrers.
    #[arg(long)]
    digest_tags: bool,
    /// Of an index, copy the image for this platform only; may be given several times.
    #[arg(long, value_name = "OS/ARCH")]
    platform: Vec<Platform>,
    /// Copy nothing; say what would be copied.
    #[arg(long)]
    dry_run: bool,
    /// Go on after a failure with what does not depend on it.
    #[arg(long)]
    keep_going: bool,
    /// Copy all tags of the source.
    #[arg(long, conflicts_with = "platform")]
    all_tags: bool,
    /// Copy the tags that match: `*` stands for any characters, `?` for one; may be given several times.
    #[arg(long, value_name = "PATTERN", requires = "all_tags")]
    tag: Vec<TagPattern>,
    /// Leave the tags alone that the destination has already.
    #[arg(long, requires = "all_tags")]
    no_clobber: bool,
    /// What to copy: a reference, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].
    source: Location,
    /// Where to: the same, without a digest.
    #[arg(value_name = "DESTINATION", value_parser = destination)]
    target: Location,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("copy: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut args: Args) -> Result<bool, Box<dyn Error>> {
    let options = options(&args);
    let hosts = (host(&args.source), host(&args.target));
    let from = connect(hosts.0, args.plain_http, args.src_creds.take())?;
    // Only repositories of one client share what they know of a registry, and so mount blobs from each other.
    let to = match args.dst_creds.take() {
        None if hosts.0 == hosts.1 => from.clone(),
        creds => connect(hosts.1, args.plain_http, creds)?,
    };
    if args.all_tags {
        return all_tags(&args, options, &from, &to).await;
    }
    let from = args.source.open(&from).await?;
    let to = args.target.create(&to).await?;
    let copied = copy(from.source(), from.target(), to.target(), to.tag(), &options).await?;
    finish(to, &args).await?;
    report(&copied);
    if copied.root_stored {
        println!("{}", args.target.with_digest(copied.root.digest().clone()));
    }
    Ok(copied.is_complete())
}

async fn all_tags(args: &Args, copy: CopyOptions, from: &Client, to: &Client) -> Result<bool, Box<dyn Error>> {
    let mut options = RepositoryCopyOptions::new(copy).with_tags(args.tag.iter().cloned());
    if args.no_clobber {
        options = options.with_no_clobber();
    }
    let from = args.source.open_all(from).await?;
    let to = args.target.create(to).await?;
    let copied = copy_repository(&*from, to.target(), &options).await?;
    finish(to, args).await?;
    for tag in &copied.tags {
        match &tag.outcome {
            TagOutcome::Copied(copied) => {
                report(copied);
                let (digest, done) = (copied.root.digest(), if copied.root_stored { "" } else { " failed" });
                println!("{} {digest}{done}", tag.tag);
            }
            TagOutcome::Failed(error) => eprintln!("copy: {}: {error}", tag.tag),
            TagOutcome::Kept(found) => println!("{} {found} kept", tag.tag),
            _ => {}
        }
    }
    Ok(copied.is_complete())
}

/// An archive gets its name, unless nothing is to change.
async fn finish(to: Destination, args: &Args) -> Result<(), oci_client_core::Error> {
    match args.dry_run {
        true => Ok(()),
        false => to.finish().await,
    }
}

fn report(copied: &Copied) {
    for failure in &copied.failures {
        eprintln!("copy: {}", failure.error);
    }
    eprintln!("{} bytes of blobs", copied.transferred);
}

fn options(args: &Args) -> CopyOptions {
    let mut options = CopyOptions::new().with_observer(|event| {
        eprintln!(
            "{} {} bytes {:?}",
            event.descriptor.digest, event.descriptor.size, event.stored
        );
    });
    for (wanted, with) in [
        (
            args.referrers,
            CopyOptions::with_referrers as fn(CopyOptions) -> CopyOptions,
        ),
        (args.digest_tags, CopyOptions::with_digest_tags),
        (args.dry_run, CopyOptions::with_dry_run),
        (args.keep_going, CopyOptions::with_keep_going),
    ] {
        if wanted {
            options = with(options);
        }
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
