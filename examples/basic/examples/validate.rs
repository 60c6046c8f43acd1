//! Checks documents against the prose of the OCI image spec.
//!
//! ```text
//! cargo run --example validate -- TYPE FILE...
//! ```
//!
//! TYPE is one of descriptor, manifest, index, config and layout-header. Exit code 0: no file has an error; 1: one has; 2: one
//! cannot be opened.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-spec-types = "0.1"
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use oci_spec_types::validate::{DocumentKind, Severity, validate_bytes};

/// Check documents against the prose of the OCI image spec.
#[derive(Parser)]
struct Args {
    /// What the files are: descriptor, manifest, index, config or layout-header.
    #[arg(value_name = "TYPE")]
    kind: DocumentKind,
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let codes = args.files.iter().map(|file| check(args.kind, file));
    ExitCode::from(codes.max().unwrap_or_default())
}

/// Prints what is found in one file, and gives the exit code for it.
fn check(kind: DocumentKind, file: &Path) -> u8 {
    let shown = file.display();
    let content = match std::fs::read(file) {
        Ok(content) => content,
        Err(error) => {
            eprintln!("validate: {shown}: {error}");
            return 2;
        }
    };
    let findings = validate_bytes(kind, &content);
    let invalid = findings.iter().any(|finding| finding.severity() == Severity::Error);
    println!("{shown}: {}", if invalid { "invalid" } else { "valid" });
    for finding in &findings {
        println!("  {finding}");
    }
    u8::from(invalid)
}
