//! Running an example, and a registry for it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// `serve`, until the test is over.
pub(crate) struct Registry {
    pub(crate) address: String,
    pub(crate) process: Child,
}

impl Registry {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let arguments = ["--addr", "127.0.0.1:0"].iter().chain(arguments);
        let mut process = command("serve", arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { address, process }
    }

    /// Also gives what it says on standard error before it listens.
    pub(crate) fn start_profile(profile: &str) -> (Self, String) {
        let arguments = ["--addr", "127.0.0.1:0", "--profile", profile];
        let mut command = command("serve", arguments);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        let mut told = String::new();
        let mut errors = BufReader::new(process.stderr.take().unwrap());
        while !told.contains("\nuser ") {
            assert!(errors.read_line(&mut told).unwrap() > 0, "{told}");
        }
        (Self { address, process }, told)
    }

    pub(crate) fn reference(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed then.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An example, as `cargo test` has built it beside this test.
pub(crate) fn command(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let this = std::env::current_exe().unwrap();
    let program = this.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(
        program.exists(),
        "{} is missing: run the tests with `cargo test`, which builds it",
        program.display()
    );
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // Not the logins of whoever runs the tests, nor their proxy.
    command
        .env("DOCKER_CONFIG", "/nonexistent")
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env_remove("REGISTRY_AUTH_FILE");
    command
}

pub(crate) fn run(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let output = command(name, arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

pub(crate) fn failed(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> i32 {
    let output = command(name, arguments).output().unwrap();
    assert!(output.stdout.is_empty(), "{name} prints results although it fails");
    assert!(!output.stderr.is_empty(), "{name} fails without a word");
    output.status.code().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}
