//! Serves the embedded registry on a port, in memory or from a folder.
//!
//! ```text
//! cargo run --example serve -- [--addr 127.0.0.1:5000] [--dir DIR] [--allow-missing-blobs] [--read-only] [--log]
//!     [--tls-cert FILE --tls-key FILE] [--htpasswd FILE [--anonymous-pull] [--token-auth [--external-url URL]]]
//!     [--profile NAME]
//! ```
//!
//! With `--htpasswd` only who is in that file can do anything, and everybody in it can do everything. `htpasswd -B -C 10 FILE NAME` writes it; it is read
//! again when it changes. The log of requests goes to standard error.
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
//! oci-registry = { version = "0.1", features = ["htpasswd", "serve", "tls"] }
//! oci-transport-reqwest = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread", "signal", "time"] }
//! tracing-subscriber = { version = "0.3", default-features = false, features = ["fmt"] }
//! ```

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use oci_client_core::proto::Credential;
use oci_client_core::transport::Transport;
use oci_registry::auth::{Access, Action, Htpasswd, Protected, TokenSettings, Users};
use oci_registry::profile::{Profile, ProfileServer};
use oci_registry::storage::DirectoryStorage;
use oci_registry::{Registry, Server, ServerTls};
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
    /// Take nothing that changes anything.
    #[arg(long)]
    read_only: bool,
    /// Write a line for each request to standard error.
    #[arg(long)]
    log: bool,
    /// Serve over TLS, with the certificates in this PEM file, the server's own one first.
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with = "profile")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Ask for the names and passwords in this file.
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    htpasswd: Option<PathBuf>,
    /// Let everybody pull, and list repositories.
    #[arg(long, requires = "htpasswd")]
    anonymous_pull: bool,
    /// Take tokens, and passwords only for giving tokens.
    #[arg(long, requires = "htpasswd")]
    token_auth: bool,
    /// The URL at which clients see this registry; without it they are told to get tokens where they call.
    #[arg(long, value_name = "URL", requires = "token_auth")]
    external_url: Option<String>,
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
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    if args.log {
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    }
    let mut builder = Registry::builder()
        .allow_missing_blobs(args.allow_missing_blobs)
        .read_only(args.read_only);
    if let Some(dir) = &args.dir {
        builder = builder.storage(DirectoryStorage::open(dir, Arc::new(TokioRuntime::try_current()?)).await?);
    }
    let registry = builder.build();
    tokio::spawn(expire_uploads(registry.clone()));
    match args.profile.as_deref().and_then(Profile::named) {
        None => serve(registry, &args).await,
        Some(profile) => serve_profile(profile, registry, &args).await,
    }
}

async fn serve(registry: Registry, args: &Args) -> Result<(), Box<dyn Error>> {
    let server = Server::bind(protected(registry, args).await?, &args.addr).await;
    let mut server = server.map_err(|error| format!("{}: {error}", args.addr))?;
    let mut scheme = "http";
    if let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) {
        server = server.with_tls(ServerTls::from_files(cert, key)?);
        scheme = "https";
    }
    if args.htpasswd.is_none() {
        warn_if_open(server.local_addr());
    }
    println!("listening on {scheme}://{}", server.local_addr());
    server.serve_until(stopped()).await;
    Ok(())
}

async fn serve_profile(profile: Profile, registry: Registry, args: &Args) -> Result<(), Box<dyn Error>> {
    let runtime = Arc::new(TokioRuntime::try_current()?);
    let server = ProfileServer::bind(profile, registry, runtime, &args.addr).await;
    let server = server.map_err(|error| format!("{}: {error}", args.addr))?;
    show(&server)?;
    println!("listening on http://{}", server.local_addr());
    server.serve_until(stopped()).await;
    Ok(())
}

/// Nobody is asked who they are.
fn warn_if_open(address: SocketAddr) {
    if !address.ip().is_loopback() {
        eprintln!(
            "serve: whoever can reach {address} can read everything in this registry and, unless it is read-only, change it"
        );
    }
}

/// The registry, behind authorization if it was asked for.
async fn protected(registry: Registry, args: &Args) -> Result<Arc<dyn Transport>, Box<dyn Error>> {
    let Some(file) = &args.htpasswd else {
        return Ok(Arc::new(registry));
    };
    let runtime = Arc::new(TokioRuntime::try_current()?);
    let mut users = Users::new()
        .with_htpasswd(Htpasswd::open(file, runtime.clone()).await?)
        .with_any_user(Access::all());
    if args.anonymous_pull {
        users = users.with_anonymous(Access::below("", &[Action::Pull]).with_catalog());
    }
    if !args.token_auth {
        return Ok(Arc::new(Protected::basic(registry, users, SERVICE, runtime)));
    }
    let origin = args.external_url.as_deref().unwrap_or_default().trim_end_matches('/');
    let settings = TokenSettings::new(format!("{origin}/token"), SERVICE);
    Ok(Arc::new(Protected::bearer(registry, users, settings, runtime)))
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

/// Ends the uploads that nobody goes on with, every minute.
async fn expire_uploads(registry: Registry) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        if let Err(error) = registry.expire_uploads().await {
            eprintln!("serve: uploads that have expired stay: {error}");
        }
    }
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

/// What the registry calls itself when it asks who is there.
const SERVICE: &str = "oci-registry";
