//! Pushes a WebAssembly module or component.
//!
//! ```text
//! cargo run --example wasm_push -- [--legacy] FILE.wasm REF
//! ```
//!
//! It goes up in the layout of the CNCF, or with `--legacy` in that of `wasm-to-oci`. Prints where it is.
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
use oci_image_tools::wasm::WasmFile;
use oci_spec_types::Reference;
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Push a WebAssembly module or component.
#[derive(Parser)]
struct Args {
    /// Use the layout of wasm-to-oci.
    #[arg(long)]
    legacy: bool,
    /// The module or component.
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Where to: host[:port]/repository[:tag]; the tag is `latest` if there is none.
    #[arg(value_name = "REF")]
    reference: Reference,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm_push: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let reference = args.reference.or_latest();
    let client = connect()?;
    let repository = client.repository(&reference);
    let file = WasmFile::open(&args.file, client.runtime()).await?;
    let document = match args.legacy {
        true => file.push_legacy(&repository, reference.tag()).await?,
        false => file.push(&repository, reference.tag()).await?,
    };
    println!("{}/{}@{}", reference.host(), reference.repository(), document.digest());
    Ok(())
}

/// A client with the logins of Docker and Podman. Loopback is spoken to in plain http.
fn connect() -> Result<Client, Box<dyn Error>> {
    let transport = Arc::new(ReqwestTransport::new()?);
    let runtime = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(transport, runtime).credentials(CredentialChain::default_files());
    Ok(client.build())
}
