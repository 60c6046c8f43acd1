//! Writes a repository of a registry's directory as an OCI layout: `export_layout DIR REPOSITORY LAYOUT`.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use oci_registry::storage::{DirectoryStorage, export_layout};
use oci_transport_reqwest::TokioRuntime;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("export_layout: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, repository, layout] = arguments.as_slice() else {
        return Err("usage: export_layout DIR REPOSITORY LAYOUT".into());
    };
    let runtime = Arc::new(TokioRuntime::try_current()?);
    let storage = DirectoryStorage::open(directory, runtime.clone()).await?;
    let tags = export_layout(Arc::new(storage), &repository.parse()?, layout, runtime).await?;
    println!("{tags} tags");
    Ok(())
}
