//! Unpacks an image into a directory: the root filesystem that a container of it would see.
//!
//! ```text
//! cargo run --example unpack -- [--as-root] [--platform OS/ARCH] registry.example.com/app:1 ./rootfs
//! ```
//!
//! The image is `host[:port]/repository[:tag][@digest]`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME:TAG]`.
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
use oci_image_tools::location::Location;
use oci_image_tools::unpack::{UnpackOptions, Unpacked, unpack};
use oci_spec_types::Platform;
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Unpack an image into a directory.
#[derive(Parser)]
struct Args {
    /// Give files the owners, set-id bits, capabilities and devices that the image says, which takes root. Without it they belong to you, and devices are left out.
    #[arg(long)]
    as_root: bool,
    /// Which image of an index; without it, the one for this machine.
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// The image: a reference, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].
    image: Location,
    /// Where to: a new directory, or an empty one.
    directory: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(unpacked) => {
            for skipped in unpacked.skipped() {
                let path = String::from_utf8_lossy(skipped.path());
                eprintln!("skipped: {path:?} {:?}", skipped.reason());
            }
            println!("{} entries of {}", unpacked.entries(), unpacked.digest());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("unpack: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<Unpacked, Box<dyn Error>> {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(Arc::new(ReqwestTransport::new()?), runtime.clone());
    let client = client.credentials(CredentialChain::default_files()).build();

    let mut options = match args.as_root {
        true => UnpackOptions::as_root(),
        false => UnpackOptions::new(),
    };
    if let Some(platform) = args.platform {
        options = options.with_platform(platform);
    }
    let image = args.image.open(&client).await?;
    let unpacked = unpack(image.source(), image.target(), &args.directory, runtime, &options);
    Ok(unpacked.await?)
}
