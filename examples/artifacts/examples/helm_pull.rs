//! Pulls a Helm chart, and its provenance where it has one, into a folder.
//!
//! ```text
//! cargo run --example helm_pull -- REF DIR
//! ```
//!
//! A reference without a tag stands for the newest version. Prints the files that it has written.
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
use oci_image_tools::helm::{RemoteChart, tag_of_version, versions};
use oci_spec_types::Reference;
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Pull a Helm chart.
#[derive(Parser)]
struct Args {
    /// The chart: host[:port]/repository[:tag][@digest].
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The folder.
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("helm_pull: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let client = connect()?;
    let repository = client.repository(&args.reference);
    let target = match args.reference.target() {
        Some(target) => target,
        None => {
            let versions = versions(&repository).await?;
            let newest = versions.first().ok_or("there is no version of this chart")?;
            tag_of_version(newest)?.into()
        }
    };
    let chart = RemoteChart::find(&repository, &target).await?;
    let saved = chart.save(&repository, &args.folder, &**client.runtime()).await?;
    for path in [Some(saved.chart), saved.provenance].into_iter().flatten() {
        println!("{}", path.display());
    }
    Ok(())
}

/// A client with the logins of Docker and Podman. Loopback is spoken to in plain http.
fn connect() -> Result<Client, Box<dyn Error>> {
    let transport = Arc::new(ReqwestTransport::new()?);
    let runtime = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(transport, runtime).credentials(CredentialChain::default_files());
    Ok(client.build())
}
