//! Changes how an image is run and what is said of it, or makes its layers one, and stores it under another name. Layers that stay are mounted or left where they are, not moved.
//!
//! ```text
//! cargo run --example mutate -- --label K=V --env K=V --entrypoint /app registry.example.com/app:1 registry.example.com/app:2
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

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::CredentialChain;
use oci_client_core::runtime::Runtime;
use oci_image_tools::build::{Image, ImageEdit};
use oci_image_tools::layer::{Compression, LayerOptions};
use oci_spec_types::{Platform, Reference};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Change an image and store it under another name.
#[derive(Parser)]
struct Args {
    /// A label to set.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    label: Vec<(String, String)>,
    /// An annotation to set.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    annotation: Vec<(String, String)>,
    /// A variable of the environment to set.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// What to run; given once for each word.
    #[arg(long)]
    entrypoint: Vec<String>,
    /// The user to run as.
    #[arg(long)]
    user: Option<String>,
    /// The directory to start in.
    #[arg(long)]
    working_dir: Option<String>,
    /// Make all layers one.
    #[arg(long, conflicts_with = "squash")]
    flatten: bool,
    /// Make the last N layers one.
    #[arg(long, value_name = "N")]
    squash: Option<usize>,
    /// Compress the layers with zstd.
    #[arg(long)]
    zstd: bool,
    /// Which image of an index.
    #[arg(long)]
    platform: Option<Platform>,
    /// What to change: host[:port]/repository[:tag][@digest].
    source: Reference,
    /// Where to: host[:port]/repository:tag.
    #[arg(value_name = "DESTINATION")]
    target: Reference,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mutate: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::try_current()?);
    let client = Client::builder(Arc::new(ReqwestTransport::new()?), runtime.clone());
    let client = client.credentials(CredentialChain::default_files()).build();

    let from = args.source.clone().or_latest();
    let named = from.target().ok_or("the source needs a tag or a digest")?;
    let source = Arc::new(client.repository(&from));
    let image = Image::load(source, &named, args.platform.as_ref()).await?;
    let mut image = changed(image.edit(), &args).finish()?;
    let compression = if args.zstd {
        Compression::Zstd
    } else {
        Compression::Gzip
    };
    let options = LayerOptions::new().with_compression(compression);
    if args.flatten {
        image = image.flatten(&options, &runtime).await?;
    } else if let Some(last) = args.squash {
        image = image.squash(last, &options, &runtime).await?;
    }
    if args.zstd {
        image = image.recompress(&options, &runtime).await?;
    }
    let to = &args.target;
    image.put_to(&client.repository(to), to.tag()).await?;
    println!("{}/{}@{}", to.host(), to.repository(), image.digest());
    Ok(())
}

fn changed(mut edit: ImageEdit, args: &Args) -> ImageEdit {
    for (name, value) in &args.label {
        edit = edit.label(name, value);
    }
    for (name, value) in &args.annotation {
        edit = edit.annotation(name, value);
    }
    for (name, value) in &args.env {
        edit = edit.env(name, value);
    }
    if !args.entrypoint.is_empty() {
        edit = edit.entrypoint(&args.entrypoint);
    }
    if let Some(user) = &args.user {
        edit = edit.user(user);
    }
    if let Some(path) = &args.working_dir {
        edit = edit.working_dir(path);
    }
    edit
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
