//! Serves the embedded registry on a port, in memory or from a folder.
//!
//! ```text
//! cargo run --example serve -- [--addr 127.0.0.1:5000] [--dir DIR] [--allow-missing-blobs] [--read-only] [--log]
//!     [--tls-cert FILE --tls-key FILE] [--htpasswd FILE [--anonymous-pull] [--token-auth [--external-url URL]]]
//!     [--upstream HOST [--plain-http] [--upstream-logins]] [--gc-interval SECONDS] [--gc-grace SECONDS] [--gc-untagged] [--profile NAME]
//! ```
//!
//! With `--htpasswd` only who is in that file can do anything, and everybody in it can do everything. `htpasswd -B -C 10 FILE NAME` writes it; it is read
//! again when it changes. The log of requests goes to standard error.
//!
//! With `--upstream` it is a cache of another registry: what it does not have it gets there, verifies and keeps. Nobody can push into it. It asks without
//! a login, since all who can pull here can pull what it can pull there; `--upstream-logins` lets it use those that `login` keeps.
//!
//! Every hour, beginning at once, it removes the blobs that no manifest of their repository has referred to for an hour, and no client has been told are
//! there. Manifests stay, unless `--gc-untagged` says that those go to which no tag leads; in a cache that is what was pulled by digest and not again since. With
//! `--read-only` it removes nothing, unless it is a cache.
//!
//! With a profile it behaves as a well-known registry does; who can log in, and where, goes to standard error.
//!
//! Interrupt or terminate it to stop; requests under way are answered first.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-registry = { version = "0.1", features = ["htpasswd", "serve", "tls", "upstream"] }
//! oci-spec-types = "0.1"
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
use oci_client_core::credentials::CredentialChain;
use oci_client_core::proto::{Credential, HostProfile};
use oci_client_core::transport::Transport;
use oci_registry::auth::{Access, Action, Htpasswd, Protected, TokenSettings, Users};
use oci_registry::profile::{Profile, ProfileServer};
use oci_registry::storage::{DirectoryStorage, KeptKind};
use oci_registry::{GarbagePolicy, GarbageReport, KeepManifests, Registry, Server, ServerTls, Upstream};
use oci_spec_types::RegistryHost;
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};
use tokio::time::MissedTickBehavior;

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
    /// Get what is not here from this registry, and keep it; nobody can push.
    #[arg(long, value_name = "HOST", conflicts_with = "profile")]
    upstream: Option<RegistryHost>,
    /// Speak http instead of https to the upstream (loopback does so anyway).
    #[arg(long, requires = "upstream")]
    plain_http: bool,
    /// Log in at the upstream as `login` has it; all who can pull here can pull what that login can.
    #[arg(long, requires = "upstream")]
    upstream_logins: bool,
    /// How often to remove what nothing refers to; 0 for never.
    #[arg(long, value_name = "SECONDS", default_value_t = 60 * 60)]
    gc_interval: u64,
    /// For how long nothing has referred to what is removed, nor a client been told that it is there; longer than any push takes.
    #[arg(long, value_name = "SECONDS", default_value_t = GarbagePolicy::GRACE.as_secs())]
    gc_grace: u64,
    /// Remove manifests too, if no tag leads to them.
    #[arg(long)]
    gc_untagged: bool,
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
    if let Some(host) = &args.upstream {
        builder = builder.upstream(upstream(host, &args)?);
    }
    let registry = builder.build();
    // Who takes nothing but for a cache changes nothing but a cache.
    if !args.read_only || args.upstream.is_some() {
        tokio::spawn(expire_uploads(registry.clone()));
        tokio::spawn(collect_garbage(
            registry.clone(),
            Duration::from_secs(args.gc_interval),
            policy(&args),
        ));
    }
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

/// The registry that this one is a cache of.
fn upstream(host: &RegistryHost, args: &Args) -> Result<Upstream, Box<dyn Error>> {
    let (transport, runtime) = (ReqwestTransport::new()?, TokioRuntime::try_current()?);
    let upstream = Upstream::new(host.clone(), Arc::new(transport), Arc::new(runtime));
    Ok(upstream.with_client(|mut client| {
        if args.plain_http {
            client = client.profile(HostProfile::new(host.clone()).with_plain_http());
        }
        if args.upstream_logins {
            client = client.credentials(CredentialChain::default_files());
        }
        client
    }))
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

/// Removes what nothing refers to, at once and then at this interval.
async fn collect_garbage(registry: Registry, interval: Duration, policy: GarbagePolicy) {
    if interval.is_zero() {
        return;
    }
    let mut times = tokio::time::interval(interval);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        match registry.collect_garbage(&policy).await {
            Ok(report) if report.removed().is_empty() && report.reclaimed().bytes() == 0 => {}
            Ok(report) => eprintln!("serve: {}", told(&report)),
            Err(error) => eprintln!("serve: garbage stays: {error}"),
        }
    }
}

fn told(report: &GarbageReport) -> String {
    let removed = |kind| report.removed().iter().filter(|removed| removed.kind() == kind).count();
    format!(
        "removed {} blobs and {} manifests that nothing refers to, and freed {} bytes",
        removed(KeptKind::Blob),
        removed(KeptKind::Manifest),
        report.reclaimed().bytes()
    )
}

fn policy(args: &Args) -> GarbagePolicy {
    let manifests = if args.gc_untagged {
        KeepManifests::Tagged
    } else {
        KeepManifests::All
    };
    GarbagePolicy::new()
        .with_grace(Duration::from_secs(args.gc_grace))
        .with_manifests(manifests)
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
