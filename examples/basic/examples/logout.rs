//! Forgets the user name and password for a registry that `login` keeps.
//!
//! ```text
//! cargo run --example logout -- HOST
//! ```
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-spec-types = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use oci_client_core::credentials::ConfigFile;
use oci_spec_types::RegistryHost;

/// Forget the user name and password for a registry.
#[derive(Parser)]
struct Args {
    /// The registry: host[:port].
    #[arg(value_name = "HOST")]
    host: RegistryHost,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("logout: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let file = ConfigFile::docker().ok_or("there is no home folder: set DOCKER_CONFIG")?;
    if file.erase(&args.host).await? {
        println!("logged out of {}", args.host);
    } else {
        println!("not logged in to {}", args.host);
    }
    Ok(())
}
