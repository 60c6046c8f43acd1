//! Fetches the files and directories of an artifact by their titles.
//!
//! ```text
//! cargo run --example fetch -- REF DIR
//! ```
//!
//! A title that is not one plain file name is refused, before anything is fetched. A directory, as `oras push` writes it, is unpacked, where there is none yet; other archives
//! stay files. On other systems than Linux a directory stays an archive, too.
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

use std::collections::HashSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::{Client, Repository};
use oci_client_core::credentials::{CredentialChain, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_image_tools::pack::is_directory;
use oci_spec_types::{Annotations, AnyManifest, Descriptor, Reference, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Fetch the files and directories of an artifact by their titles.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// User name and password for the registry, in place of those that `login` keeps.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credential)]
    creds: Option<Credential>,
    /// What to fetch: host[:port]/repository[:tag][@digest]; the tag is `latest` if there is neither.
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The folder for the files; created if it is not there.
    dir: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fetch: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let reference = args.reference.or_latest();
    let client = connect(reference.host(), args.plain_http, args.creds)?;
    let repository = client.repository(&reference);
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let manifest = repository.manifest(&target).await?;
    let AnyManifest::Image(image) = manifest.value() else {
        return Err("REF is an index; name one of its manifests by digest".into());
    };
    let files = image
        .layers
        .iter()
        .filter_map(|layer| title(layer).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    if files.is_empty() {
        return Err("no layer has a title; use `pull` for images".into());
    }
    let mut seen = HashSet::new();
    if let Some((_, name)) = files.iter().find(|(_, name)| !seen.insert(*name)) {
        return Err(format!("two layers have the title `{name}`").into());
    }
    std::fs::create_dir_all(&args.dir).map_err(|error| format!("cannot create {}: {error}", args.dir.display()))?;
    for (layer, name) in files {
        let path = args.dir.join(name);
        match is_directory(layer) {
            true => save_directory(&client, &repository, layer, &path).await?,
            false => repository.blob(layer)?.save(path).await?,
        }
        eprintln!("{} {} bytes", layer.digest, layer.size);
        println!("{name}");
    }
    Ok(())
}

/// Unpacks a directory.
#[cfg(target_os = "linux")]
async fn save_directory(
    client: &Client,
    repository: &Repository,
    layer: &Descriptor,
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    use oci_image_tools::{ImageLimits, unpack::unpack_directory};
    let runtime = client.runtime().clone();
    unpack_directory(repository, layer, path, runtime, ImageLimits::new()).await?;
    Ok(())
}

/// Saves the archive that it is.
#[cfg(not(target_os = "linux"))]
async fn save_directory(
    _: &Client,
    repository: &Repository,
    layer: &Descriptor,
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    Ok(repository.blob(layer)?.save(path).await?)
}

/// The layer's file name, if it has a title. Anything else than one plain name could lead out of the folder.
fn title(layer: &Descriptor) -> Result<Option<(&Descriptor, &str)>, String> {
    let Some(title) = layer.annotations.get(Annotations::TITLE) else {
        return Ok(None);
    };
    let plain = !title.is_empty() && title != "." && title != ".." && title.len() <= 255;
    if !plain || title.contains(['/', '\\', ':']) || title.chars().any(char::is_control) {
        return Err(format!(
            "refused: the title `{}` is not one plain file name",
            title.escape_debug()
        ));
    }
    Ok(Some((layer, title)))
}

fn connect(host: &RegistryHost, plain_http: bool, creds: Option<Credential>) -> Result<Client, Box<dyn Error>> {
    let transport = Arc::new(ReqwestTransport::new()?);
    let mut client = Client::builder(transport, Arc::new(TokioRuntime::try_current()?));
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
