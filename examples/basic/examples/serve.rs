//! Serves the embedded registry on a port, in memory or from a folder.
//!
//! ```text
//! cargo run --example serve -- [--addr 127.0.0.1:5000] [--dir DIR] [--allow-missing-blobs]
//! ```
//!
//! Interrupt or terminate it to stop; requests under way are answered first.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-registry = { version = "0.1", features = ["serve"] }
//! oci-transport-reqwest = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread", "signal"] }
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_registry::storage::DirectoryStorage;
use oci_registry::{Registry, Server};
use oci_transport_reqwest::TokioRuntime;

/// Serve the embedded registry on a port.
#[derive(Parser)]
struct Args {
    /// Where to listen; port 0 lets the system choose one.
    #[arg(long, default_value = "127.0.0.1:5000")]
    addr: String,
    /// Keep everything in this folder, created if it is not there; without it, in memory.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Take manifests whose blobs are missing.
    #[arg(long)]
    allow_missing_blobs: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let mut builder = Registry::builder().allow_missing_blobs(args.allow_missing_blobs);
    if let Some(dir) = args.dir {
        builder = builder.storage(DirectoryStorage::open(dir, Arc::new(TokioRuntime::try_current()?)).await?);
    }
    let server = Server::bind(builder.build(), &args.addr)
        .await
        .map_err(|error| format!("{}: {error}", args.addr))?;
    println!("listening on http://{}", server.local_addr());
    server.serve_until(stopped()).await;
    Ok(())
}

/// Ready once somebody wants the program to end.
async fn stopped() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = tokio::signal::ctrl_c() => return,
        }
    }
    drop(tokio::signal::ctrl_c().await);
}
