//! Packs files and directories as an artifact, as image-spec 1.0 or 1.1 has them: `pack REF 1.0|1.1 TYPE PATH...`.
//!
//! Each has its base name as title. Prints the digest.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use oci_client_core::client::Client;
use oci_client_core::runtime::Runtime;
use oci_image_tools::pack::Pack;
use oci_spec_types::{MediaType, Reference};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pack: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reference, version, artifact_type, paths @ ..] = arguments.as_slice() else {
        return Err("usage: pack REF 1.0|1.1 TYPE PATH...".into());
    };
    let (reference, artifact_type): (Reference, MediaType) = (reference.parse()?, artifact_type.parse()?);
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::try_current()?);
    let mut pack = match version.as_str() {
        "1.0" => Pack::image_spec_1_0(artifact_type),
        _ => Pack::new(artifact_type),
    };
    for path in paths {
        let path = Path::new(path);
        let title = path.file_name().and_then(|name| name.to_str());
        let title = title.ok_or("a path has no name that can be a title")?;
        pack = match path.is_dir() {
            true => pack.with_directory(title, path, &runtime).await?,
            false => {
                let kind = MediaType::from_static("application/octet-stream");
                pack.with_file(kind, title, path, &runtime).await?
            }
        };
    }
    let repository = Client::new(Arc::new(ReqwestTransport::new()?), runtime).repository(&reference);
    let pushed = pack.push(&repository, reference.tag()).await?;
    println!("{}", pushed.digest());
    Ok(())
}
