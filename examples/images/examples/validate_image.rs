//! Checks whether an image, or each image of an index, is what it says: digests, sizes, DiffIDs, platforms, history, types, and what its layers hold.
//!
//! ```text
//! cargo run --example validate_image -- [--fast] REF
//! ```
//!
//! REF is `host[:port]/repository[:tag][@digest]`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME:TAG]`. A line for each thing that is wrong, and then what was looked at.
//! Exit code 0: there are warnings at most; 1: something is wrong; 2: the image cannot be read at all.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-image-tools = "0.1"
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
use oci_image_tools::location::Location;
use oci_image_tools::validate::{ValidateOptions, validate};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Check whether an image is what it says.
#[derive(Parser)]
struct Args {
    /// Read no layers: only ask whether they are there.
    #[arg(long)]
    fast: bool,
    /// The image or index: a reference, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].
    #[arg(value_name = "REF")]
    image: Location,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("validate_image: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether the image is valid.
async fn run(args: Args) -> Result<bool, Box<dyn Error>> {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(Arc::new(ReqwestTransport::new()?), runtime.clone());
    let client = client.credentials(CredentialChain::default_files()).build();
    let origin = args.image.open(&client).await?;
    let options = match args.fast {
        true => ValidateOptions::new().with_fast(),
        false => ValidateOptions::new(),
    };
    let report = validate(origin.source(), origin.target(), &runtime, &options).await?;
    let mut output = BufWriter::new(stdout().lock());
    for finding in report.findings() {
        writeln!(output, "{finding}")?;
    }
    if !report.is_complete() {
        writeln!(output, "and more")?;
    }
    output.flush()?;
    eprintln!(
        "{}: {} manifests, {} blobs",
        report.root(),
        report.manifests(),
        report.blobs()
    );
    Ok(report.is_valid())
}
