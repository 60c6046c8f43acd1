//! The examples as a user runs them: programs, arguments, output, exit codes.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Output, Stdio};

use oci_registry::{Registry, Server};
use tokio::runtime::{Builder, Runtime};

/// A registry on loopback, until the test is over.
struct Served {
    address: String,
    _runtime: Runtime,
}

impl Served {
    fn start() -> Self {
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

    fn at(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address)
    }
}

/// Runs an example, as `cargo test` has built it beside this test.
fn output(name: &str, arguments: &[&OsStr]) -> Output {
    let this = std::env::current_exe().unwrap();
    let program = this.ancestors().nth(2).unwrap().join("examples").join(name);
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // Not the logins of whoever runs the tests, nor their proxy.
    command.env("NO_PROXY", "127.0.0.1,localhost");
    command
        .env("DOCKER_CONFIG", "/nonexistent")
        .env_remove("REGISTRY_AUTH_FILE");
    command.env("SOURCE_DATE_EPOCH", "0").output().unwrap()
}

/// What an example that succeeds prints: a reference with a digest.
fn run<'a>(name: &str, arguments: impl IntoIterator<Item = &'a str>) -> String {
    let arguments: Vec<&OsStr> = arguments.into_iter().map(OsStr::new).collect();
    let output = output(name, &arguments);
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    printed.trim().rsplit_once('@').unwrap().1.to_owned()
}

fn failure<'a>(name: &str, arguments: impl IntoIterator<Item = &'a str>) -> String {
    let arguments: Vec<&OsStr> = arguments.into_iter().map(OsStr::new).collect();
    let output = output(name, &arguments);
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn images_are_built_changed_and_listed() {
    let (served, folder) = (Served::start(), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("app"), "#!/bin/sh\n").unwrap();
    let from = folder.path().to_str().unwrap();
    let (amd64, arm64, changed) = (served.at("app:amd64"), served.at("app:arm64"), served.at("app:changed"));
    let build = |platform, base, to| {
        let named = [
            "--base",
            base,
            "--from",
            from,
            "--platform",
            platform,
            "--entrypoint",
            "/app",
            to,
        ];
        run("build_image", named)
    };
    let first = build("linux/amd64", "scratch", &amd64);
    assert_eq!(build("linux/amd64", "scratch", &amd64), first);
    assert_ne!(build("linux/arm64", "scratch", &arm64), first);
    assert_ne!(build("linux/amd64", &amd64, &served.at("app:on-top")), first);

    assert_eq!(run("mutate", [amd64.as_str(), &changed]), first);
    let labelled = run("mutate", ["--label", "k=v", "--env", "A=1", "--zstd", &amd64, &changed]);
    assert_ne!(labelled, first);
    assert_eq!(run("mutate", [changed.as_str(), &served.at("app:again")]), labelled);

    let (index, filtered) = (served.at("app:1"), served.at("app:2"));
    let both = run("index", ["create", index.as_str(), &amd64, &arm64]);
    assert_eq!(run("index", ["append", index.as_str(), &arm64]), both);
    let kept = run("index", ["filter", "--platform", "linux/arm64", &index, &filtered]);
    assert_eq!(run("index", ["create", &served.at("app:3"), &arm64]), kept);
    let from_index = run("mutate", ["--platform", "linux/amd64", &index, &changed]);
    assert_eq!(from_index, first);
}

#[test]
fn what_is_missing_is_named() {
    let served = Served::start();
    let (none, to) = (served.at("app:none"), served.at("app:1"));
    assert!(failure("mutate", [none.as_str(), &to]).contains("app"));
    assert!(failure("index", ["append", none.as_str(), &to]).contains("app"));
    let told = failure("build_image", ["--from", "/nonexistent", &to]);
    assert!(told.contains("/nonexistent"), "{told}");
}
