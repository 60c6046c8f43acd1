//! Pulls an image into a folder of blobs, as the example `pull` does into a layout.

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use tokio::fs::{self, File};

/// Pull an image into a folder.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https.
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry.
    #[arg(long, value_name = "USER:PASSWORD")]
    creds: Option<String>,
    /// What to pull.
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The folder.
    dir: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let protocol = if args.plain_http {
        ClientProtocol::Http
    } else {
        ClientProtocol::Https
    };
    let client = Client::new(ClientConfig {
        protocol,
        ..ClientConfig::default()
    });
    let auth = match args.creds.as_deref().and_then(|creds| creds.split_once(':')) {
        Some((user, password)) => RegistryAuth::Basic(user.to_owned(), password.to_owned()),
        None => RegistryAuth::Anonymous,
    };
    let (manifest, digest) = client.pull_image_manifest(&args.reference, &auth).await?;
    fs::create_dir_all(&args.dir).await?;
    for descriptor in [&manifest.config].into_iter().chain(&manifest.layers) {
        let name = descriptor.digest.replace(':', "-");
        client
            .pull_blob(&args.reference, descriptor, File::create(args.dir.join(name)).await?)
            .await?;
    }
    println!("{digest}");
    Ok(())
}
