//! Attaches a detached signature to a manifest, finds it again among what refers to the manifest, and reads it, verified.
//!
//! ```text
//! cargo run --example sign_and_find -- REF SIGNATURE
//! ```
//!
//! SIGNATURE is a file with a signature of the manifest in the JWS format, which `notation` and others make. Whether it is right is for those to say; that it has
//! come back whole, and is about this manifest, is checked here. Prints every artifact about the manifest, with its kind.
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
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::client::Client;
use oci_client_core::credentials::CredentialChain;
use oci_image_tools::attach::{attach, attached, attached_by_tag};
use oci_image_tools::pack::Pack;
use oci_spec_types::{MediaType, Reference, Sanitized};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Attach a signature and find it.
#[derive(Parser)]
struct Args {
    /// The manifest: host[:port]/repository[:tag][@digest]; the tag is `latest` if there is neither.
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The file with the signature.
    signature: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sign_and_find: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let reference = args.reference.or_latest();
    let client = connect()?;
    let repository = client.repository(&reference);
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let content = std::fs::read(&args.signature)?;
    let pack = Pack::new(SIGNATURE).with_bytes(
        MediaType::from_static("application/jose+json"),
        "signature",
        content.clone(),
    );
    let signed = attach(&repository, &target, pack).await?;
    let manifest = signed
        .document()
        .value()
        .as_image()
        .ok_or("what was attached is an index")?;
    let subject = manifest.subject.as_ref().ok_or("what was attached has no subject")?;

    let mut found = false;
    for artifact in attached(&repository, &subject.digest, Some(&SIGNATURE)).await? {
        let is_this = artifact.document().digest() == signed.document().digest();
        if let (true, Some(layer)) = (is_this, artifact.layers().first()) {
            found = artifact.read(&repository, layer, 1 << 20).await? == content;
        }
    }
    if !found {
        return Err("the signature is not among what refers to the manifest".into());
    }
    let mut all = attached(&repository, &subject.digest, None).await?;
    all.extend(attached_by_tag(&repository, &subject.digest).await?);
    for artifact in all {
        let artifact_type = artifact.document().value().effective_artifact_type();
        let artifact_type = artifact_type.map_or("", MediaType::as_str);
        println!(
            "{} {} {}",
            artifact.document().digest(),
            artifact.kind(),
            Sanitized::new(artifact_type)
        );
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

/// What a signature of the Notary Project calls itself.
const SIGNATURE: MediaType = MediaType::from_static("application/vnd.cncf.notary.signature");
