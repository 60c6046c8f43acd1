//! The programs that are measured, each in a process of its own, and those that measuring takes.

mod client;
mod floor;
mod link;
mod serve;

use std::future::Future;

use clap::Subcommand;

use crate::Outcome;

#[derive(Subcommand)]
pub(crate) enum Program {
    /// Our client.
    #[command(subcommand)]
    Client(client::Operation),
    /// What a download takes at least: one thread that reads, hashes and writes.
    Floor(floor::Args),
    /// A link that is slow, and counts requests.
    Link(link::Args),
    /// Our registry.
    Serve(serve::Args),
}

impl Program {
    pub(crate) fn run(self) -> Outcome<()> {
        match self {
            Self::Client(operation) => block_on(operation.run()),
            Self::Floor(args) => floor::run(&args),
            Self::Link(args) => block_on(link::run(args)),
            Self::Serve(args) => block_on(serve::run(args)),
        }
    }
}

fn block_on(future: impl Future<Output = Outcome<()>>) -> Outcome<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(future)
}
