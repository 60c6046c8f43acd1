//! Serves the embedded registry on a port, in memory or from a folder.
//!
//! ```text
//! cargo run --example serve -- [--addr 127.0.0.1:5000] [--dir DIR] [--allow-missing-blobs] [--profile NAME]
//! ```
//!
//! With a profile it behaves as a well-known registry does; who can log in, and where, goes to standard error.
//!
//! Interrupt or terminate it to stop; requests under way are answered first.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = "0.1"
//! oci-registry = { version = "0.1", features = ["serve"] }
//! oci-transport-reqwest = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread", "signal"] }
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::proto::Credential;
use oci_registry::profile::{Profile, ProfileServer};
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
    /// Behave as this registry does.
    #[arg(long, value_parser = Profile::NAMES)]
    profile: Option<String>,
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
    let registry = builder.build();
    let in_use = |error| format!("{}: {error}", args.addr);
    if let Some(profile) = args.profile.as_deref().and_then(Profile::named) {
        let runtime = Arc::new(TokioRuntime::try_current()?);
        let server = ProfileServer::bind(profile, registry, runtime, &args.addr)
            .await
            .map_err(in_use)?;
        show(&server)?;
        println!("listening on http://{}", server.local_addr());
        server.serve_until(stopped()).await;
    } else {
        let server = Server::bind(registry, &args.addr).await.map_err(in_use)?;
        println!("listening on http://{}", server.local_addr());
        server.serve_until(stopped()).await;
    }
    Ok(())
}

/// Says what is where, and who may come in. These accounts are for tests: everybody knows them or can read them here.
fn show(server: &ProfileServer) -> Result<(), Box<dyn Error>> {
    let profile = server.registry().profile();
    let origins = profile.origins();
    eprintln!("behaving as {} ({})", profile.host(), profile.name());
    eprintln!("repository {}", profile.repository());
    eprintln!("tokens from {}", origins.token());
    for content in origins.content() {
        eprintln!("content from {content}");
    }
    for login in server.registry().logins()? {
        match login {
            Credential::Password { username, password } => eprintln!("user {username} password {}", password.expose()),
            Credential::IdentityToken(token) => eprintln!("identity token {}", token.expose()),
            _ => {}
        }
    }
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
