//! Lists the entries of an OCI image layout, verifies its content, or removes what no entry leads to.
//!
//! ```text
//! cargo run --example layout -- list DIR
//! cargo run --example layout -- verify DIR
//! cargo run --example layout -- gc [--min-age SECONDS] DIR
//! ```
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["thread-runtime"] }
//! oci-spec-types = "0.1"
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use oci_client_core::Error;
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::store::OciLayout;
use oci_spec_types::{Annotations, Sanitized};

/// Look after an OCI image layout.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the entries: digest, type and name.
    List {
        /// The layout's folder.
        dir: PathBuf,
    },
    /// Read everything that the entries lead to, and say what is missing or wrong.
    Verify {
        /// The layout's folder.
        dir: PathBuf,
    },
    /// Remove the blobs that no entry leads to.
    Gc {
        /// How old they have to be; a writer that is at work must not need more than that.
        #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
        min_age: u64,
        /// The layout's folder.
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = block_on(async {
        match Args::parse().command {
            Command::List { dir } => list(&dir).await,
            Command::Verify { dir } => verify(&dir).await,
            Command::Gc { min_age, dir } => gc(&dir, Duration::from_secs(min_age)).await,
        }
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("layout: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn list(dir: &Path) -> Result<bool, Error> {
    for entry in open(dir).await?.entries().await? {
        // Anybody may have written the name.
        let name = Sanitized::new(entry.annotations.get(Annotations::REF_NAME).unwrap_or("-"));
        println!("{} {} {name}", entry.digest, entry.media_type);
    }
    Ok(true)
}

async fn verify(dir: &Path) -> Result<bool, Error> {
    let report = open(dir).await?.verify().await?;
    for problem in &report.problems {
        println!("{}: {}", problem.descriptor.digest, problem.error);
    }
    println!("{} files of {} bytes are right", report.valid, report.bytes);
    Ok(report.is_valid())
}

async fn gc(dir: &Path, min_age: Duration) -> Result<bool, Error> {
    let garbage = open(dir).await?.gc(min_age).await?;
    for digest in &garbage.blobs {
        println!("{digest}");
    }
    println!("{} bytes removed", garbage.bytes);
    Ok(true)
}

async fn open(dir: &Path) -> Result<OciLayout, Error> {
    OciLayout::open(dir, Arc::new(ThreadRuntime::new())).await
}
