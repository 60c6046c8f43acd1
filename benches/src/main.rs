//! Measurements next to other programs and crates, from one command:
//!
//! ```text
//! cargo run --release -p benches -- compare [--only NAME]...
//! cargo run --release -p benches -- registry
//! cargo run --release -p benches -- micro
//! cargo run --release -p benches -- weight
//! ```

mod compare;
mod measure;
mod micro;
mod peers;
mod programs;
mod registry;
mod scratch;
mod servers;
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
    Compare(compare::Args),
    /// Parsers next to those of others; instructions against a baseline.
    #[command(disable_help_flag = true)]
    Micro {
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        arguments: Vec<String>,
    },
    /// The same load on our registry and on others.
    Registry(registry::Args),
    /// One of the programs that are measured or that measuring takes.
    #[command(hide = true, subcommand)]
    Run(programs::Program),
    /// What a program weighs that pulls an image.
    Weight,
}

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Compare(args) => compare::run(&args),
        Command::Micro { arguments } => {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            return micro::main(&arguments);
        }
        Command::Registry(args) => registry::run(&args),
        Command::Run(program) => program.run(),
        Command::Weight => return weight::main(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What can go wrong is only shown.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
