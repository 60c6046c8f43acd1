//! Shows in which files two images differ, without unpacking them.
//!
//! ```text
//! cargo run --example diff -- [--platform OS/ARCH] REF REF
//! ```
//!
//! REF is `host[:port]/repository[:tag][@digest]`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME:TAG]`. A line for each path: `A` if only the second image has it, `D` if only
//! the first has, `C` if its content or kind is another, `M` if mode, owner, time or extended attributes are. Exit code 0: no difference; 1: some; 2: an image cannot be read.
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
use std::io::{BufWriter, Write, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::CredentialChain;
use oci_client_core::runtime::Runtime;
use oci_image_tools::ImageLimits;
use oci_image_tools::location::Location;
use oci_image_tools::tree::{ChangeKind, Tree};
use oci_spec_types::{Platform, Sanitized};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Show in which files two images differ.
#[derive(Parser)]
struct Args {
    /// Which image of an index; that for this machine by default.
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// The first image: a reference, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].
    #[arg(value_name = "REF")]
    old: Location,
    /// The second image.
    #[arg(value_name = "REF")]
    new: Location,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(differences) => ExitCode::from(u8::from(differences > 0)),
        Err(error) => {
            eprintln!("diff: {error}");
            ExitCode::from(2)
        }
    }
}

/// How many differences there are.
async fn run(args: Args) -> Result<usize, Box<dyn Error>> {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(Arc::new(ReqwestTransport::new()?), runtime.clone());
    let client = client.credentials(CredentialChain::default_files()).build();
    let old = read(&client, &args.old, args.platform.as_ref()).await?;
    let new = read(&client, &args.new, args.platform.as_ref()).await?;
    let (mut output, mut differences) = (BufWriter::new(stdout().lock()), 0);
    for change in old.diff(&new) {
        let letter = match change.kind() {
            ChangeKind::Added => 'A',
            ChangeKind::Metadata => 'M',
            ChangeKind::Removed => 'D',
            _ => 'C',
        };
        differences += 1;
        let path = String::from_utf8_lossy(change.path());
        writeln!(output, "{letter} {}", Sanitized::new(&path))?;
    }
    output.flush()?;
    Ok(differences)
}

async fn read(client: &Client, image: &Location, platform: Option<&Platform>) -> Result<Tree, Box<dyn Error>> {
    let origin = image.open(client).await?;
    let (source, target, runtime) = (origin.source(), origin.target(), client.runtime().clone());
    Ok(Tree::read(source, target, platform, runtime, ImageLimits::new()).await?)
}
