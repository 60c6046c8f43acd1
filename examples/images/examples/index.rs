//! Makes an index of images, adds images to one, or keeps only some platforms of one.
//!
//! ```text
//! cargo run --example index -- create registry.example.com/app:1 registry.example.com/app:1-amd64 registry.example.com/app:1-arm64
//! cargo run --example index -- append registry.example.com/app:1 registry.example.com/app:1-s390x
//! cargo run --example index -- filter --platform linux/arm64 registry.example.com/app:1 registry.example.com/app:arm
//! ```
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
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use oci_client_core::client::Client;
use oci_client_core::credentials::CredentialChain;
use oci_image_tools::build::{Index, IndexEdit};
use oci_spec_types::{Platform, Reference, TagOrDigest};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Make an index of images, or change one.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Add images to the index at DESTINATION.
    Append {
        /// The index: host[:port]/repository:tag.
        destination: Reference,
        /// The images, or indexes of them.
        #[arg(required = true)]
        images: Vec<Reference>,
    },
    /// Make an index of images at DESTINATION.
    Create {
        /// Where to: host[:port]/repository:tag.
        destination: Reference,
        /// The images, or indexes of them.
        #[arg(required = true)]
        images: Vec<Reference>,
    },
    /// Store an index with fewer platforms at DESTINATION.
    Filter {
        /// A platform to keep.
        #[arg(long, required = true)]
        platform: Vec<Platform>,
        /// The index.
        source: Reference,
        /// Where to: host[:port]/repository:tag.
        destination: Reference,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("index: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let client = Client::builder(
        Arc::new(ReqwestTransport::new()?),
        Arc::new(TokioRuntime::try_current()?),
    );
    let client = client.credentials(CredentialChain::default_files()).build();
    let (edit, to) = match args.command {
        Command::Append { destination, images } => {
            let edit = load(&client, &destination).await?;
            (append(&client, edit, images).await?, destination)
        }
        Command::Create { destination, images } => (append(&client, Index::empty().edit(), images).await?, destination),
        Command::Filter {
            platform,
            source,
            destination,
        } => (load(&client, &source).await?.retain_platforms(&platform)?, destination),
    };
    let index = edit.finish()?;
    index.put_to(&client.repository(&to), to.tag()).await?;
    println!("{}/{}@{}", to.host(), to.repository(), index.digest());
    Ok(())
}

async fn load(client: &Client, reference: &Reference) -> Result<IndexEdit, Box<dyn Error>> {
    let (reference, named) = named(reference.clone())?;
    let source = Arc::new(client.repository(&reference));
    Ok(Index::load(source, &named).await?.edit())
}

async fn append(client: &Client, mut edit: IndexEdit, images: Vec<Reference>) -> Result<IndexEdit, Box<dyn Error>> {
    for image in images {
        let (image, named) = named(image)?;
        edit = edit.append(Arc::new(client.repository(&image)), &named).await?;
    }
    Ok(edit)
}

fn named(reference: Reference) -> Result<(Reference, TagOrDigest), Box<dyn Error>> {
    let reference = reference.or_latest();
    let named = reference.target().ok_or("a tag or a digest is missing")?;
    Ok((reference, named))
}
