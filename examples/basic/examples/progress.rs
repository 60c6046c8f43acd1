//! Pulls into, or pushes from, a layout directory with a progress bar for each blob.
//!
//! ```text
//! cargo run --example progress -- pull REF DIR
//! cargo run --example progress -- push DIR REF
//! ```
//!
//! Without a terminal it prints a line for each blob that begins and ends.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! indicatif = "0.18"
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-spec-types = "0.1"
//! oci-transport-reqwest = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use clap::{Parser, Subcommand};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use oci_client_core::client::{BlobEvent, BlobProgress, Client, Direction, Observer, Repository};
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_client_core::store::{CopyOptions, OciLayout, copy};
use oci_spec_types::{Digest, Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Pull or push with a progress bar for each blob.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long, global = true)]
    plain_http: bool,
    /// User name and password for the registry, in place of those that `login` keeps.
    #[arg(long, global = true, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pull REF into the layout directory DIR, created if it is not there.
    Pull {
        #[arg(value_name = "REF")]
        reference: Reference,
        dir: PathBuf,
    },
    /// Push what REF's tag or digest names in the layout directory DIR.
    Push {
        dir: PathBuf,
        #[arg(value_name = "REF")]
        reference: Reference,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(digest) => {
            println!("{digest}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("progress: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<Digest, Box<dyn Error>> {
    let (Command::Pull { reference, .. } | Command::Push { reference, .. }) = &args.command;
    let reference = reference.clone().or_latest();
    let client = connect(reference.host(), args.plain_http, args.creds)?;
    let runtime = client.runtime().clone();
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let (tag, options) = (reference.tag(), CopyOptions::new());
    let there: Repository = client.repository(&reference);
    let copied = match args.command {
        Command::Pull { dir, .. } => {
            let layout = OciLayout::create(dir, runtime).await?;
            copy(&there, &target, &layout, tag, &options).await?
        }
        Command::Push { dir, .. } => {
            let layout = OciLayout::open(dir, runtime).await?;
            copy(&layout, &target, &there, tag, &options).await?
        }
    };
    Ok(copied.root.digest().clone())
}

fn connect(host: &RegistryHost, plain_http: bool, creds: Option<Credential>) -> Result<Client, Box<dyn Error>> {
    let transport = Arc::new(ReqwestTransport::new()?);
    let bars = Arc::new(Bars::default());
    let mut client = Client::builder(transport, Arc::new(TokioRuntime::try_current()?)).observer(bars);
    if plain_http {
        client = client.profile(HostProfile::new(host.clone()).with_plain_http());
    }
    client = match creds {
        Some(credential) => client.credentials(StaticCredentials::new().with(host.clone(), credential)),
        None => client.credentials(CredentialChain::default_files()),
    };
    Ok(client.build())
}

fn credential(text: &str) -> Result<Credential, &'static str> {
    let (user, password) = text.split_once(':').ok_or("expected USER:PASSWORD")?;
    Ok(Credential::password(user, password.to_owned()))
}

/// A bar for each blob that is on its way.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    by_digest: Mutex<HashMap<Digest, ProgressBar>>,
}

impl Observer for Bars {
    fn blob(&self, event: &BlobEvent<'_>) {
        let mut bars = self.by_digest.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars
            .entry(event.digest.clone())
            .or_insert_with(|| self.all.add(ProgressBar::new(event.size).with_style(style())));
        let what = match event.progress {
            BlobProgress::Started if event.direction == Direction::Download => "pulling",
            BlobProgress::Started => "pushing",
            BlobProgress::Advanced { bytes } => return bar.set_position(bytes),
            BlobProgress::Failed => "failed",
            BlobProgress::Resumed { .. } => "resumed",
            BlobProgress::Skipped => "already there",
            BlobProgress::Verified => "done",
            _ => return,
        };
        bar.set_message(format!("{} {what}", short(event.digest)));
        if matches!(event.progress, BlobProgress::Skipped | BlobProgress::Verified) {
            bar.finish();
        }
        if !stderr().is_terminal() {
            eprintln!("{} {what} {} bytes", event.digest, event.size);
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:34} {wide_bar} {binary_bytes}/{binary_total_bytes}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn short(digest: &Digest) -> String {
    digest.to_string().chars().take(19).collect()
}
