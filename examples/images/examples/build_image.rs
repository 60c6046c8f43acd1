//! Builds an image: a base, or nothing, and a directory on top of it. The same input gives the same digest.
//!
//! ```text
//! cargo run --example build_image -- --base scratch --from ./rootfs --entrypoint /app registry.example.com/app:1
//! ```
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
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::CredentialChain;
use oci_client_core::runtime::Runtime;
use oci_image_tools::build::Image;
use oci_image_tools::layer::{LayerBuilder, LayerOptions, Owners, Times, source_date_epoch};
use oci_spec_types::{Platform, Reference};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Build an image of a base and a directory. Files are as old as SOURCE_DATE_EPOCH says, or from 1970.
#[derive(Parser)]
struct Args {
    /// What is below: host[:port]/repository[:tag][@digest], or `scratch` for nothing.
    #[arg(long, default_value = "scratch")]
    base: String,
    /// The directory to put on top, as the root of the image.
    #[arg(long)]
    from: PathBuf,
    /// A path that the base has and the image is not to have.
    #[arg(long, value_name = "PATH")]
    remove: Vec<String>,
    /// A directory of which the image is not to have what the base has in it.
    #[arg(long, value_name = "PATH")]
    hide: Vec<String>,
    /// Keep owners, times, extended attributes and devices, as for the root filesystem of a system; times up to SOURCE_DATE_EPOCH, if it is set.
    #[arg(long)]
    keep: bool,
    /// What to run; given once for each word.
    #[arg(long)]
    entrypoint: Vec<String>,
    /// What the image is for, and which image of an index is the base.
    #[arg(long, default_value = "linux/amd64")]
    platform: Platform,
    /// Where to: host[:port]/repository:tag.
    #[arg(value_name = "DESTINATION")]
    target: Reference,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("build_image: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(Arc::new(ReqwestTransport::new()?), runtime.clone());
    let client = client.credentials(CredentialChain::default_files()).build();

    let layer = contents(&args)?.build(&runtime).await?;
    for skipped in layer.skipped() {
        eprintln!("skipped: {}", skipped.path().display());
    }

    let mut edit = base(&client, &args).await?.append(&layer, "build_image");
    if !args.entrypoint.is_empty() {
        edit = edit.entrypoint(args.entrypoint);
    }
    let image = edit.finish()?;
    let to = &args.target;
    image.put_to(&client.repository(to), to.tag()).await?;
    println!("{}/{}@{}", to.host(), to.repository(), image.digest());
    Ok(())
}

fn contents(args: &Args) -> Result<LayerBuilder, Box<dyn Error>> {
    let options = match (source_date_epoch()?, args.keep) {
        (Some(epoch), _) => LayerOptions::new().with_times(Times::Clamped(epoch)),
        (None, true) => LayerOptions::new().with_times(Times::Kept),
        (None, false) => LayerOptions::new(),
    };
    let options = match args.keep {
        true => options.with_devices().with_owners(Owners::Kept).with_xattrs(),
        false => options,
    };
    let mut layer = LayerBuilder::new(options).with_directory(&args.from, "/")?;
    for path in &args.remove {
        layer = layer.with_removed(path)?;
    }
    for path in &args.hide {
        layer = layer.with_hidden(path)?;
    }
    Ok(layer)
}

async fn base(client: &Client, args: &Args) -> Result<oci_image_tools::build::ImageEdit, Box<dyn Error>> {
    if args.base == "scratch" {
        return Ok(Image::scratch(args.platform.clone())?.edit());
    }
    let reference = args.base.parse::<Reference>()?.or_latest();
    let named = reference.target().ok_or("the base needs a tag or a digest")?;
    let source = Arc::new(client.repository(&reference));
    let base = Image::load(source, &named, Some(&args.platform)).await?;
    Ok(base.clone().edit().base(args.base.as_str(), &base))
}
