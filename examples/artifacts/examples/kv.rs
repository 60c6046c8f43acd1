//! Keeps small objects in a repository, by key.
//!
//! ```text
//! cargo run --example kv -- [--max-size BYTES] REPO put [--type T] [--new] KEY FILE | get KEY | list | delete KEY
//! ```
//!
//! `put` prints the digest of the object, `get` its content, `list` a key per line. Getting or deleting what is not there is exit status 1.
//!
//! Cargo.toml:
//!
//! ```toml
//! bytes = "1"
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-image-tools = "0.1"
//! oci-spec-types = "0.1"
//! oci-transport-reqwest = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use clap::{Parser, Subcommand};
use oci_client_core::client::Client;
use oci_client_core::credentials::CredentialChain;
use oci_image_tools::objects::{Key, ObjectStore};
use oci_spec_types::{MediaType, Reference};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Keep small objects in a repository.
#[derive(Parser)]
struct Args {
    /// The most bytes of an object.
    #[arg(long, value_name = "BYTES", default_value_t = ObjectStore::DEFAULT_MAX_SIZE)]
    max_size: u64,
    /// The repository: host[:port]/repository.
    #[arg(value_name = "REPO")]
    repository: Reference,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Store a file under a key.
    Put {
        /// What the content is.
        #[arg(long = "type", value_name = "T", default_value = "application/octet-stream")]
        content_type: MediaType,
        /// Only if nothing is there.
        #[arg(long)]
        new: bool,
        key: Key,
        file: PathBuf,
    },
    /// Print the content under a key.
    Get { key: Key },
    /// Print all keys.
    List,
    /// Delete the object under a key.
    Delete { key: Key },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kv: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let client = connect()?;
    let store = ObjectStore::new(client.repository(&args.repository)).with_max_size(args.max_size);
    match args.command {
        Command::Put {
            content_type,
            new,
            key,
            file,
        } => {
            let content = Bytes::from(std::fs::read(file)?);
            let digest = match new {
                true => store.put_if_absent(&key, content_type, content).await?,
                false => store.put(&key, content_type, content).await?,
            };
            println!("{digest}");
        }
        Command::Get { key } => {
            let object = store.get(&key).await?.ok_or(format!("there is no object `{key}`"))?;
            std::io::stdout().write_all(object.content())?;
        }
        Command::List => {
            let mut keys = store.keys();
            while let Some(page) = keys.page().await? {
                for key in page {
                    println!("{key}");
                }
            }
        }
        Command::Delete { key } => {
            if !store.delete(&key).await? {
                return Err(format!("there is no object `{key}`").into());
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
