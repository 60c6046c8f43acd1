//! Counting instructions: the same on every machine, however busy it is.

use std::{
    env,
    io::{Error, Result},
    process::Command,
};

/// Whether callgrind is here.
pub(super) fn is_installed() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The instructions of one run of a case: the difference between a process with few runs and one with more, so that neither
/// starting nor what is made once counts.
pub(super) fn instructions(name: &str, by: &str, times: u64) -> Result<u64> {
    let few = of_process(name, by, 0)?;
    let many = of_process(name, by, times)?;
    Ok(many.saturating_sub(few) / times)
}

fn of_process(name: &str, by: &str, times: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["micro", "run", name, by, &times.to_string()])
        // The C library has copies of some functions for each kind of processor: let it take the one that all have.
        .env(
            "GLIBC_TUNABLES",
            "glibc.cpu.hwcaps=-AVX2_Usable,-AVX2,-ERMS,-AVX_Fast_Unaligned_Load",
        )
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let total = said.lines().find_map(|line| line.split_once("refs:"));
    total
        .and_then(|(_, number)| number.trim().replace(',', "").parse().ok())
        .filter(|_| output.status.success())
        .ok_or_else(|| Error::other(format!("valgrind has not counted `{name}, {by}`: {said}")))
}
