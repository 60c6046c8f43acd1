//! Instructions per case: the table for readers.

use std::{io::Result, process::ExitCode};

use super::{
    callgrind,
    cases::{CASES, Case, HASH, OURS, PEER, VALIDATED},
};

/// The instructions of each case, in their order. Those of ours are without the hash of the document, which no other computes.
pub(super) fn counted(cases: impl Iterator<Item = &'static Case>) -> Result<Vec<(&'static Case, u64)>> {
    cases
        .map(|case| {
            let whole = of(case)?;
            let hash = match hash_of(case) {
                Some(hash) => of(hash)?,
                None => 0,
            };
            Ok((case, whole.saturating_sub(hash)))
        })
        .collect()
}

pub(super) fn print() -> ExitCode {
    if !callgrind::is_installed() {
        return not_installed();
    }
    match counted(CASES.iter()) {
        Ok(counts) => {
            print_table(&counts);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What whoever asked for a count is told; the exit code is that of a step that cannot run.
pub(super) fn not_installed() -> ExitCode {
    println!("SKIP instructions of the parsers: valgrind is not installed");
    ExitCode::from(77)
}

fn print_table(counts: &[(&Case, u64)]) {
    println!("{:<36} {:>14} {:>9}", "instructions, without hashing", "one run", PEER);
    for (case, count) in counts {
        let of_peer = counts
            .iter()
            .find(|(other, _)| other.name == case.name && other.by == PEER);
        let ratio = of_peer.map_or(f64::NAN, |(_, peer)| *count as f64 / *peer as f64);
        println!("{:<36} {count:>14} {ratio:>8.2}x", case.to_string());
    }
}

fn of(case: &Case) -> Result<u64> {
    // Enough of what is short for the average of what differs from one run to another.
    let times = if case.name.starts_with("index") { 1 } else { 100 };
    callgrind::instructions(case.name, case.by, times)
}

fn hash_of(case: &Case) -> Option<&'static Case> {
    let hashes = [OURS, VALIDATED].contains(&case.by);
    CASES
        .iter()
        .find(|other| hashes && other.name == case.name && other.by == HASH)
}
