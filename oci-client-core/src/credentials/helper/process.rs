//! One run of a helper, within limits of time and length.

use std::io::{PipeReader, Read as _, Write as _, pipe};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::HelperPrograms;
use crate::ErrorKind;
use crate::credentials::fault::Fault;

/// What a helper answered.
pub(super) struct Answer {
    pub(super) stdout: Zeroizing<Vec<u8>>,
    pub(super) success: bool,
}

/// Runs `program VERB` with `input` on its standard input.
///
/// The answer is what stands in the pipe when the program itself ends: a process that it left behind may hold the pipe open for as long as it likes.
pub(super) fn run(program: &Path, verb: &str, input: Zeroizing<String>, limit: Duration) -> Result<Answer, Fault> {
    let begun = Instant::now();
    let cannot = |error: std::io::Error| Fault::new(ErrorKind::Store, format!("cannot run it: {error}"));
    let (reader, mut writer) = pipe().map_err(cannot)?;
    let mut command = Command::new(program);
    command.arg(verb).stdin(Stdio::piped()).stderr(Stdio::null());
    command.stdout(writer.try_clone().map_err(cannot)?);
    lead_group(&mut command);
    let mut child = command.spawn().map_err(cannot)?;
    // The command holds the pipe open as well.
    drop(command);
    let reading = match converse(&mut child, input, reader) {
        Ok(reading) => reading,
        Err(error) => {
            kill(&mut child);
            return Err(cannot(error));
        }
    };
    let ended = wait(&mut child, &reading, begun, limit);
    // No answer holds a NUL: here this one ends, also where what is left behind has outlived a helper that was killed. A reader that has had enough is gone.
    let _ = writer.write_all(b"\0");
    let status = ended?;
    match reading.join() {
        Ok(Some(stdout)) => Ok(Answer {
            stdout,
            success: status.success(),
        }),
        Ok(None) => Err(flood()),
        Err(_) => Err(Fault::new(ErrorKind::Store, "what it says could not be read")),
    }
}

/// Writes and reads on threads: a helper may do neither. They end when the helper does.
fn converse(child: &mut Child, input: Zeroizing<String>, reader: PipeReader) -> std::io::Result<Reading> {
    if let Some(mut stdin) = child.stdin.take() {
        let write = move || {
            // A helper that does not want to know is free to say so by its exit status.
            let _ = stdin.write_all(input.as_bytes());
        };
        thread::Builder::new().spawn(write)?;
    }
    thread::Builder::new().spawn(move || read(reader))
}

/// What comes until a NUL; `None` if it is too much.
fn read(mut reader: PipeReader) -> Option<Zeroizing<Vec<u8>>> {
    // Of one size from the start, so that no copies are left behind.
    let mut buffer = Zeroizing::new(vec![0; HelperPrograms::ANSWER_LIMIT.saturating_add(1)]);
    let mut length = 0_usize;
    loop {
        let read = match reader.read(buffer.get_mut(length..)?) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        let end = length.saturating_add(read);
        let stop = buffer.get(length..end)?.iter().position(|byte| *byte == 0);
        if read == 0 || stop.is_some() {
            buffer.truncate(stop.map_or(end, |stop| length.saturating_add(stop)));
            return Some(buffer);
        }
        length = end;
        if length == buffer.len() {
            return None;
        }
    }
}

/// Waits for the child itself. Looking at it from time to time, on the thread that reaps it, makes sure that what is killed is still it.
fn wait(child: &mut Child, reading: &Reading, begun: Instant, limit: Duration) -> Result<ExitStatus, Fault> {
    let mut pause = SHORTEST_PAUSE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => {
                kill(child);
                return Err(Fault::new(ErrorKind::Store, format!("cannot wait for it: {error}")));
            }
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            kill(child);
            let message = format!("no answer within {limit:?}; a program that wants input may be the reason");
            return Err(Fault::new(ErrorKind::Timeout, message));
        }
        thread::sleep(pause.min(left));
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        // It has ended early only if there was too much, or after a NUL, which no answer holds.
        if reading.is_finished() && child.try_wait().is_ok_and(|status| status.is_none()) {
            kill(child);
            return Err(flood());
        }
    }
}

fn flood() -> Fault {
    let message = format!(
        "its answer is longer than {} bytes or binary",
        HelperPrograms::ANSWER_LIMIT
    );
    Fault::new(ErrorKind::TooLarge, message)
}

/// Ends the helper, and what it has started. It has not been reaped, so its number is still its own.
fn kill(child: &mut Child) {
    kill_group(child);
    // All of this fails only where there is nothing left to end.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(unix)]
fn lead_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;

    command.process_group(0);
}

#[cfg(unix)]
fn kill_group(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process_group};

    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
fn lead_group(_command: &mut Command) {}

#[cfg(not(unix))]
fn kill_group(_child: &Child) {}

type Reading = JoinHandle<Option<Zeroizing<Vec<u8>>>>;

const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

const LONGEST_PAUSE: Duration = Duration::from_millis(16);
