//! Puts an image on another base: the layers of the old base are replaced by those of the new one. Nothing is built again, and inside one registry no layer is moved.
//!
//! ```text
//! cargo run --example rebase -- [--old-base REF] --new-base REF [--platform OS/ARCH] SRC DST
//! ```
//!
//! Each is `host[:port]/repository[:tag][@digest]`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME:TAG]`. Without an old base, it is the one that the image's annotations name.
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
use oci_client_core::credentials::CredentialChain;
use oci_client_core::runtime::Runtime;
use oci_image_tools::build::Image;
use oci_image_tools::location::Location;
use oci_spec_types::{Annotations, Platform, Reference};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Put an image on another base.
#[derive(Parser)]
struct Args {
    /// The base that the image has; the one that its annotations name if it is left out.
    #[arg(long, value_name = "REF")]
    old_base: Option<Location>,
    /// The base that the image is to have.
    #[arg(long, value_name = "REF")]
    new_base: Location,
    /// Which image of an index; that for this machine by default.
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// The image: a reference, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].
    source: Location,
    /// Where to: the same, without a digest.
    #[arg(value_name = "DESTINATION")]
    target: Location,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rebase: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(Arc::new(ReqwestTransport::new()?), runtime);
    let client = client.credentials(CredentialChain::default_files()).build();
    let platform = args.platform.unwrap_or_else(Platform::host);
    let image = load(&client, &args.source, &platform).await?;
    let old = match args.old_base {
        Some(old) => old,
        None => annotated(&image)?,
    };
    let (old, new) = (
        load(&client, &old, &platform).await?,
        load(&client, &args.new_base, &platform).await?,
    );
    let mut edit = image.rebase(&old, &new)?.edit();
    if let Some(name) = args.new_base.registry() {
        edit = edit.base(name.clone().without_digest().to_string(), &new);
    }
    let rebased = edit.finish()?;
    let to = args.target.create(&client).await?;
    rebased.put_to(to.target(), to.tag()).await?;
    to.finish().await?;
    println!("{}", args.target.with_digest(rebased.digest().clone()));
    Ok(())
}

async fn load(client: &Client, image: &Location, platform: &Platform) -> Result<Image, Box<dyn Error>> {
    let (source, target) = image.open(client).await?.into_parts();
    Ok(Image::load(source, &target, Some(platform)).await?)
}

/// The base that the image says it has.
fn annotated(image: &Image) -> Result<Location, Box<dyn Error>> {
    let annotations = &image.manifest().value().annotations;
    let named = |key| {
        annotations
            .get(key)
            .ok_or("the image does not say what its base is: name it with --old-base")
    };
    let name = named(Annotations::BASE_NAME)?.parse::<Reference>()?;
    let digest = named(Annotations::BASE_DIGEST)?.parse()?;
    Ok(Location::Registry(name.without_tag().with_digest(digest)))
}
