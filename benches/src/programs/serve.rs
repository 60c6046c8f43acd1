use std::path::PathBuf;
use std::sync::Arc;

use oci_registry::storage::{DirectoryOptions, DirectoryStorage, Durability};
use oci_registry::{Registry, Server};
use oci_transport_reqwest::TokioRuntime;

use crate::Outcome;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    addr: String,
    #[arg(long)]
    dir: PathBuf,
    /// Do not wait for the disk.
    #[arg(long)]
    relaxed: bool,
}

pub(super) async fn run(args: Args) -> Outcome<()> {
    let mut options = DirectoryOptions::new();
    if args.relaxed {
        options = options.with_durability(Durability::Relaxed);
    }
    let runtime = Arc::new(TokioRuntime::try_current()?);
    let storage = DirectoryStorage::open_with(args.dir, runtime, options).await?;
    let registry = Registry::builder().storage(storage).build();
    Server::bind(registry, args.addr).await?.serve().await;
    Ok(())
}
