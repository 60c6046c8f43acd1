//! Serves a registry in memory with which things go wrong, for tests of clients in whatever language.
//!
//! ```text
//! cargo run --example faulty_registry -- [--seed N] [--intensity PERCENT] [--rule RULE]... [--addr 127.0.0.1:0]
//! ```
//!
//! The first line on standard output is the address. The plan goes to standard error, and then each fault as it happens. With rules, such as
//! `--rule 'GET blob first=2: cut-response=1000'`, there are those and no others; without, they are drawn from the seed. The same seed or rules do the same
//! to the same requests in the same order.
//!
//! Interrupt or terminate it to stop.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-registry = { version = "0.1", features = ["serve"] }
//! oci-transport-reqwest = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread", "signal"] }
//! ```

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_registry::faults::{FaultInjector, FaultPlan, FaultRule};
use oci_registry::{Registry, Server};
use oci_transport_reqwest::TokioRuntime;
use tokio::net::TcpListener;

/// Serve a registry with which things go wrong.
#[derive(Parser)]
struct Args {
    /// Where to listen; port 0 lets the system choose one.
    #[arg(long, default_value = "127.0.0.1:0")]
    addr: String,
    /// What is left to chance comes from here.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// To how many of a hundred exchanges something happens, at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(0..=100))]
    intensity: u8,
    /// What happens, in place of what is drawn from the seed; can be given several times.
    #[arg(long)]
    rule: Vec<FaultRule>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faulty_registry: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let plan = if args.rule.is_empty() {
        FaultPlan::random(args.seed, args.intensity)
    } else {
        let rules = args.rule.into_iter();
        rules.fold(FaultPlan::new(args.seed), FaultPlan::with_rule)
    };
    eprint!("{plan}");
    let listener = TcpListener::bind(&args.addr).await;
    let listener = listener.map_err(|error| format!("{}: {error}", args.addr))?;
    let address = listener.local_addr()?;
    // Another origin for clients, and the same server.
    let elsewhere = format!("http://localhost:{}", address.port());
    let runtime = Arc::new(TokioRuntime::try_current()?);
    let faults = FaultInjector::new(Registry::in_memory(), plan, runtime)
        .with_elsewhere(&elsewhere)
        .with_observer(|fault| eprintln!("{fault}"));
    println!("http://{address}");
    Server::on(listener, faults)?.serve_until(stopped()).await;
    Ok(())
}

/// Ready once somebody wants the program to end.
async fn stopped() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = tokio::signal::ctrl_c() => return,
        }
    }
    drop(tokio::signal::ctrl_c().await);
}
