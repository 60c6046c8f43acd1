//! Instructions held against those that were written down.

use std::{fs, io::Result, path::PathBuf, process::ExitCode};

use super::{
    callgrind,
    cases::{CASES, Case, OURS, VALIDATED},
    instructions,
};

/// Fails where a parser takes more instructions than the band allows, or fewer: then the baseline has to be written anew, so
/// that what was won stays.
pub(super) fn check() -> ExitCode {
    if !callgrind::is_installed() {
        return instructions::not_installed();
    }
    match differences() {
        Ok(left) if left.is_empty() => {
            println!("instructions are within {BAND} % of {FILE}");
            ExitCode::SUCCESS
        }
        Ok(left) => {
            left.iter().for_each(|line| println!("FAIL {line}"));
            println!("if that is meant: cargo run --release -p benches -- micro write");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

pub(super) fn write() -> ExitCode {
    if !callgrind::is_installed() {
        return instructions::not_installed();
    }
    match counted().and_then(|counts| fs::write(path(), text(&counts))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn differences() -> Result<Vec<String>> {
    let known = fs::read_to_string(path())?;
    let counts = counted()?;
    let left = counts.iter().filter_map(|(case, count)| {
        let wanted = wanted(&known, case);
        let within =
            wanted.is_some_and(|wanted| count.abs_diff(wanted).saturating_mul(100) <= wanted.saturating_mul(BAND));
        let wanted = wanted.map_or_else(|| "none".to_owned(), |wanted| wanted.to_string());
        (!within).then(|| format!("{case}: {count} instructions, {wanted} in {FILE}"))
    });
    Ok(left.collect())
}

fn wanted(known: &str, case: &Case) -> Option<u64> {
    let name = case.to_string();
    let mut lines = known.lines().filter_map(|line| line.split_once('\t'));
    let (_, count) = lines.find(|(other, _)| *other == name)?;
    count.parse().ok()
}

fn counted() -> Result<Vec<(&'static Case, u64)>> {
    instructions::counted(CASES.iter().filter(|case| [OURS, VALIDATED].contains(&case.by)))
}

fn text(counts: &[(&Case, u64)]) -> String {
    counts
        .iter()
        .map(|(case, count)| format!("{case}\t{count}\n"))
        .collect()
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
}

/// How many percent more or fewer there may be: what another compiler and another C library make of the same code.
const BAND: u64 = 10;

const FILE: &str = "benches/instructions.txt";
