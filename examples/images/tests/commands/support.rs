//! Running an example, and a registry for it.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use oci_registry::{Registry, Server};
use tokio::runtime::{Builder, Runtime};

/// A registry on loopback, until the test is over.
pub(crate) struct Served {
    address: String,
    _runtime: Runtime,
}

impl Served {
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let server = runtime
            .block_on(Server::bind(Registry::in_memory(), "127.0.0.1:0"))
            .unwrap();
        let address = server.local_addr().to_string();
        runtime.spawn(server.serve());
        Self {
            address,
            _runtime: runtime,
        }
    }

    pub(crate) fn at(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address)
    }
}

/// What an example does: its exit code, and what it says on standard output and on standard error.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs an example, as `cargo test` has built it beside this test.
pub(crate) fn outcome(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Outcome {
    let this = std::env::current_exe().unwrap();
    let program = this.ancestors().nth(2).unwrap().join("examples").join(name);
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // Not the logins of whoever runs the tests, nor their proxy.
    command.env("NO_PROXY", "127.0.0.1,localhost");
    command
        .env("DOCKER_CONFIG", "/nonexistent")
        .env_remove("REGISTRY_AUTH_FILE");
    let output = command.env("SOURCE_DATE_EPOCH", "0").output().unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What an example that succeeds prints.
pub(crate) fn printed(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
    let outcome = outcome(name, arguments);
    assert_eq!(outcome.code, 0, "{name}: {}", outcome.stderr);
    outcome.stdout
}

/// The digest of the reference that an example prints.
pub(crate) fn run(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
    let printed = printed(name, arguments);
    printed.trim().rsplit_once('@').unwrap().1.to_owned()
}

/// What an example that fails says.
pub(crate) fn failure(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
    let outcome = outcome(name, arguments);
    assert!(outcome.code != 0 && outcome.stdout.is_empty());
    outcome.stderr
}
