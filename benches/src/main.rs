//! Measurements next to other programs and crates, from one command:
//!
//! ```text
//! cargo run --release -p benches -- compare [--only NAME]...
//! cargo run --release -p benches -- registry
//! cargo run --release -p benches -- micro
//! cargo run --release -p benches -- weight
//! ```

#[cfg(feature = "transfers")]
mod compare;
#[cfg(feature = "transfers")]
mod measure;
mod micro;
#[cfg(feature = "transfers")]
mod peers;
#[cfg(feature = "transfers")]
mod programs;
#[cfg(feature = "transfers")]
mod registry;
#[cfg(feature = "transfers")]
mod scratch;
#[cfg(feature = "transfers")]
mod servers;
#[cfg(feature = "transfers")]
mod table;
mod weight;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures this workspace next to others.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The same transfers by our client and by others, in turn.
    #[cfg(feature = "transfers")]
    Compare(compare::Args),
    /// Parsers next to those of others; instructions against a baseline.
    #[command(disable_help_flag = true)]
    Micro {
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        arguments: Vec<String>,
    },
    /// The same load on our registry and on others.
    #[cfg(feature = "transfers")]
    Registry(registry::Args),
    /// One of the programs that are measured or that measuring takes.
    #[cfg(feature = "transfers")]
    #[command(hide = true, subcommand)]
    Run(programs::Program),
    /// What a program weighs that pulls an image.
    Weight,
}

fn main() -> ExitCode {
    match Args::parse().command {
        #[cfg(feature = "transfers")]
        Command::Compare(args) => exit_code(compare::run(&args)),
        Command::Micro { arguments } => {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            micro::main(&arguments)
        }
        #[cfg(feature = "transfers")]
        Command::Registry(args) => exit_code(registry::run(&args)),
        #[cfg(feature = "transfers")]
        Command::Run(program) => exit_code(program.run()),
        Command::Weight => weight::main(),
    }
}

#[cfg(feature = "transfers")]
fn exit_code(outcome: Outcome<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What can go wrong is only shown.
#[cfg(feature = "transfers")]
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
