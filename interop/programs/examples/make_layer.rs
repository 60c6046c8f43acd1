//! Writes a directory as a gzip layer into a file: `make_layer DIR FILE THREADS`, with THREADS 1 or 2.
//!
//! Prints the digest of the layer.

use std::error::Error;
use std::fs::File;
use std::process::ExitCode;

use oci_image_tools::layer::{LayerBuilder, LayerOptions};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make_layer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, file, threads] = arguments.as_slice() else {
        return Err("usage: make_layer DIR FILE THREADS".into());
    };
    let options = match threads.as_str() {
        "1" => LayerOptions::new().with_one_thread(),
        _ => LayerOptions::new(),
    };
    let layer = LayerBuilder::new(options).with_directory(directory, "/")?;
    let written = layer.write(File::create(file)?)?;
    println!("{}", written.descriptor.digest);
    Ok(())
}
