//! Micro-benchmarks of parsing: time and allocations by divan, instructions by callgrind.

mod baseline;
mod callgrind;
mod cases;
mod inputs;
mod instructions;
mod plain;

use std::process::ExitCode;

use divan::{AllocProfiler, Bencher, Divan};

use self::cases::{CASES, Case};

pub(crate) const USAGE: &str = "micro                 time and allocations of each case
micro instructions    instructions of each case, beside those of others
micro check           fails where instructions have left the band around benches/instructions.txt
micro write           writes benches/instructions.txt";

pub(crate) fn main(arguments: &[&str]) -> ExitCode {
    match arguments {
        [] => {
            Divan::default().main();
            ExitCode::SUCCESS
        }
        ["instructions"] => instructions::print(),
        ["check"] => baseline::check(),
        ["write"] => baseline::write(),
        // What `instructions` runs under callgrind.
        ["run", name, by, times] => cases::run(name, by, times),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::FAILURE
        }
    }
}

#[divan::bench(args = CASES)]
fn parse(bencher: Bencher<'_, '_>, case: &Case) {
    bencher.bench_local(|| case.run());
}

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();
