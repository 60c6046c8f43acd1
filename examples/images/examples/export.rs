//! Writes all files of an image as one tar archive to standard output, its layers merged.
//!
//! ```text
//! cargo run --example export -- [--platform OS/ARCH] REF > rootfs.tar
//! ```
//!
//! REF is `host[:port]/repository[:tag][@digest]`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME:TAG]`. The same image gives the same bytes. If the exit code is not
//! 0, what was written is not the whole image.
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
use std::io::{BufWriter, Write, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::CredentialChain;
use oci_client_core::runtime::Runtime;
use oci_image_tools::ImageLimits;
use oci_image_tools::location::Location;
use oci_image_tools::tree::Tree;
use oci_spec_types::Platform;
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Write the files of an image as a tar archive.
#[derive(Parser)]
struct Args {
    /// Which image of an index; that for this machine by default.
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// The image: a reference, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].
    #[arg(value_name = "REF")]
    image: Location,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("export: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(Arc::new(ReqwestTransport::new()?), runtime.clone());
    let client = client.credentials(CredentialChain::default_files()).build();
    let origin = args.image.open(&client).await?;
    let (source, limits) = (origin.source(), ImageLimits::new());
    let tree = Tree::read(source, origin.target(), args.platform.as_ref(), runtime.clone(), limits).await?;
    let mut output = tree.export(source, BufWriter::new(stdout()), runtime).await?;
    output.flush()?;
    Ok(())
}
