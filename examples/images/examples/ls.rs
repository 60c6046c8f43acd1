//! Lists the files of an image, its layers merged as a container sees them, without unpacking anything.
//!
//! ```text
//! cargo run --example ls -- [--platform OS/ARCH] [--long] [REF [PATH]]
//! ```
//!
//! REF is `host[:port]/repository[:tag][@digest]`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME:TAG]`. Without one, it lists an image that it has just made in a registry in
//! this process. Control characters in names are shown as escapes.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-image-tools = "0.1"
//! oci-registry = "0.1"
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
use oci_image_tools::build::Image;
use oci_image_tools::layer::{LayerBuilder, LayerOptions};
use oci_image_tools::location::Location;
use oci_image_tools::tree::{FileKind, FileView, Tree};
use oci_registry::Registry;
use oci_spec_types::{Platform, Reference, Sanitized};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// List the files of an image.
#[derive(Parser)]
struct Args {
    /// Which image of an index; that for this machine by default.
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// Show kind, mode, owner, size and what a link points to as well.
    #[arg(long, short)]
    long: bool,
    /// The image: a reference, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].
    #[arg(value_name = "REF")]
    image: Option<Location>,
    /// The directory to list, or a file; everything by default.
    path: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ls: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::try_current()?);
    let (client, image) = match args.image {
        Some(image) => {
            let client = Client::builder(Arc::new(ReqwestTransport::new()?), runtime.clone());
            (client.credentials(CredentialChain::default_files()).build(), image)
        }
        None => demonstration(&runtime).await?,
    };
    let origin = image.open(&client).await?;
    let limits = ImageLimits::new();
    let tree = Tree::read(
        origin.source(),
        origin.target(),
        args.platform.as_ref(),
        runtime,
        limits,
    )
    .await?;

    let mut output = BufWriter::new(stdout().lock());
    let below = args.path.as_deref().unwrap_or_default().trim_matches('/');
    let mut found = below.is_empty();
    for file in tree.files() {
        let rest = file.path().strip_prefix(below.as_bytes());
        if below.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/")) {
            found = true;
            show(&mut output, &file, args.long)?;
        }
    }
    output.flush()?;
    if found {
        Ok(())
    } else {
        Err(format!("the image has no {below:?}").into())
    }
}

fn show(output: &mut impl Write, file: &FileView<'_>, long: bool) -> Result<(), Box<dyn Error>> {
    let path = String::from_utf8_lossy(file.path());
    let path = Sanitized::new(&path);
    if !long {
        return Ok(writeln!(output, "{path}")?);
    }
    let kind = match file.kind() {
        FileKind::BlockDevice => 'b',
        FileKind::CharDevice => 'c',
        FileKind::Directory => 'd',
        FileKind::Fifo => 'p',
        FileKind::Symlink => 'l',
        _ => '-',
    };
    write!(
        output,
        "{kind} {:04o} {}:{} {:>10} {path}",
        file.mode(),
        file.uid(),
        file.gid(),
        file.size()
    )?;
    let target = String::from_utf8_lossy(file.link_target());
    let arrow = if target.is_empty() { "" } else { " -> " };
    Ok(writeln!(output, "{arrow}{}", Sanitized::new(&target))?)
}

/// A registry in this process, with an image in it.
async fn demonstration(runtime: &Arc<dyn Runtime>) -> Result<(Client, Location), Box<dyn Error>> {
    let client = Client::new(Arc::new(Registry::in_memory()), runtime.clone());
    let layer = LayerBuilder::new(LayerOptions::new()).with_bytes("etc/motd", 0o644, "hello\n")?;
    let layer = layer.with_symlink("motd", "etc/motd")?.build(runtime).await?;
    let image = Image::scratch(Platform::host())?.edit().append(&layer, "ls").finish()?;
    let reference: Reference = "registry.example.com/hello:1".parse()?;
    image.put_to(&client.repository(&reference), reference.tag()).await?;
    Ok((client, Location::Registry(reference)))
}
