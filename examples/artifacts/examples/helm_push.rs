//! Pushes a packaged Helm chart, with its provenance where there is a file `CHART.tgz.prov`, as `helm push` does.
//!
//! ```text
//! cargo run --example helm_push -- CHART.tgz REF
//! ```
//!
//! REF is what the chart's name is appended to: `registry.example.com/charts`. Prints where the chart is.
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
use oci_image_tools::helm::Chart;
use oci_spec_types::Reference;
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Push a Helm chart.
#[derive(Parser)]
struct Args {
    /// The packaged chart.
    #[arg(value_name = "CHART.tgz")]
    chart: PathBuf,
    /// What the chart's name is appended to, with or without `oci://`.
    #[arg(value_name = "REF", value_parser = parent)]
    parent: Reference,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("helm_push: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let client = connect()?;
    let mut chart = Chart::open(&args.chart, client.runtime()).await?;
    let mut provenance = args.chart.into_os_string();
    provenance.push(".prov");
    let provenance = PathBuf::from(provenance);
    if provenance.exists() {
        chart = chart.with_provenance(std::fs::read(provenance)?)?;
    }
    let reference = chart.reference(&args.parent)?;
    let document = chart.push(&client.repository(&reference)).await?;
    println!("{reference}@{}", document.digest());
    Ok(())
}

fn parent(text: &str) -> Result<Reference, String> {
    let text = text.strip_prefix("oci://").unwrap_or(text);
    text.parse().map_err(|error| format!("{error}"))
}

/// A client with the logins of Docker and Podman. Loopback is spoken to in plain http.
fn connect() -> Result<Client, Box<dyn Error>> {
    let transport = Arc::new(ReqwestTransport::new()?);
    let runtime = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(transport, runtime).credentials(CredentialChain::default_files());
    Ok(client.build())
}
