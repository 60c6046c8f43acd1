//! What a program takes from its start to its end.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use crate::Outcome;

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// User and system time, of all threads.
    pub(crate) cpu: Duration,
    /// The most memory that was resident, in bytes. At least what this program itself has, as the system counts from before the program was loaded.
    pub(crate) peak: u64,
    pub(crate) wall: Duration,
}

/// Runs a program to its end.
///
/// # Errors
/// If it cannot be started or fails; then with what it wrote to standard error.
pub(crate) fn measure(mut command: Command, scratch: &Path) -> Outcome<Cost> {
    let log = scratch.join("stderr");
    command.stdin(Stdio::null()).stderr(fs::File::create(&log)?);
    let started = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let used = child.wait4()?;
    let wall = started.elapsed();
    if !used.status.success() {
        let said = fs::read_to_string(&log)?;
        return Err(format!("{command:?} failed: {}: {}", used.status, last_lines(&said)).into());
    }
    Ok(Cost {
        cpu: used.rusage.utime + used.rusage.stime,
        peak: used.rusage.maxrss,
        wall,
    })
}

/// What a program that goes on running has taken so far.
///
/// # Errors
/// If the system does not tell, as it does on Linux.
pub(crate) fn so_far(child: &Child) -> Outcome<(Duration, u64)> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
    // The name in parentheses may hold anything.
    let after = stat.rsplit_once(')').ok_or("a malformed /proc/PID/stat")?.1;
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok((
        Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND),
        peak.ok_or("no VmHWM in /proc/PID/status")? * 1024,
    ))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// The unit of `/proc/PID/stat`, which is the same on all Linux systems that matter here.
const TICKS_PER_SECOND: u64 = 100;
