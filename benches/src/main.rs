//! Measurements: `cargo run --release -p benches -- micro`, or `weight`.

mod micro;
mod weight;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["micro", rest @ ..] => micro::main(rest),
        ["weight"] => weight::main(),
        _ => {
            eprintln!("{}\n{}", micro::USAGE, weight::USAGE);
            ExitCode::FAILURE
        }
    }
}
