//! `serve`, until a test is over.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

/// The program, until it is ended or dropped.
pub(crate) struct Serving {
    pub(crate) address: String,
    errors: BufReader<ChildStderr>,
    process: Child,
}

impl Serving {
    pub(crate) fn start<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> Self {
        Self::start_with(arguments, |_| {})
    }

    /// With other variables than a test has.
    pub(crate) fn start_with<'a>(
        arguments: impl IntoIterator<Item = &'a OsStr>,
        vary: impl FnOnce(&mut Command),
    ) -> Self {
        let arguments: Vec<_> = arguments.into_iter().collect();
        let mut command = serve(if arguments.contains(&"--addr".as_ref()) {
            [].as_slice()
        } else {
            &["--addr", "127.0.0.1:0"]
        });
        vary(&mut command);
        let piped = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = piped.spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        let errors = BufReader::new(process.stderr.take().unwrap());
        Self {
            address,
            errors,
            process,
        }
    }

    /// The next line on standard error that has `part`.
    pub(crate) fn line_with(&mut self, part: &str) -> String {
        let mut lines = self.errors.by_ref().lines();
        lines
            .find_map(|line| line.ok().filter(|line| line.contains(part)))
            .unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The example, as `cargo test` has built it beside this test.
pub(crate) fn serve(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let this = std::env::current_exe().unwrap();
    let program = this.ancestors().nth(2).unwrap().join("examples").join("serve");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // Not the logins of whoever runs the tests, nor their proxy.
    command
        .env("DOCKER_CONFIG", "/nonexistent")
        .env("NO_PROXY", "*")
        .env_remove("REGISTRY_AUTH_FILE");
    command
}
