//! Pulls a WebAssembly module or component, of any layout that has one.
//!
//! ```text
//! cargo run --example wasm_pull -- REF FILE
//! ```
//!
//! Prints its layout and, of a component, what it imports and exports.
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
use oci_image_tools::wasm::WasmArtifact;
use oci_spec_types::{Reference, Sanitized};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Pull a WebAssembly module or component.
#[derive(Parser)]
struct Args {
    /// What: host[:port]/repository[:tag][@digest]; the tag is `latest` if there is neither.
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The file to write.
    file: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm_pull: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let reference = args.reference.or_latest();
    let client = connect()?;
    let repository = client.repository(&reference);
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let artifact = WasmArtifact::find(&repository, &target).await?;
    artifact.save(&repository, &args.file, &**client.runtime()).await?;
    println!("layout {:?}", artifact.layout());
    if let Some(component) = artifact.config().and_then(|config| config.component()) {
        for (direction, names) in [("exports", component.exports()), ("imports", component.imports())] {
            for name in names {
                println!("{direction} {}", Sanitized::new(name));
            }
        }
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
