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

/// From a registry and from a layout; of an index, the image that is asked for.
#[test]
fn an_image_is_unpacked() {
    let (served, folder) = (Served::start(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(folder.path().join("one/etc/conf.d")).unwrap();
    fs::write(folder.path().join("one/etc/motd"), "hello").unwrap();
    fs::write(folder.path().join("one/etc/issue"), "removed").unwrap();
    fs::write(folder.path().join("one/etc/conf.d/old"), "hidden").unwrap();
    fs::create_dir_all(folder.path().join("two/etc/conf.d")).unwrap();
    fs::write(folder.path().join("two/etc/conf.d/new"), "kept").unwrap();
    let (first, image, index) = (served.at("os:1"), served.at("os:2"), served.at("os:index"));
    run("build_image", ["--from", &path("one"), &first]);
    let changes = ["--remove", "/etc/issue", "--hide", "etc/conf.d", "--keep"];
    let two = path("two");
    let named = ["--base", &first, "--from", &two, &image];
    let digest = run("build_image", changes.into_iter().chain(named));
    run("index", ["create", index.as_str(), &image]);

    let to = path("from-index");
    let printed = output("unpack", &["--platform", "linux/amd64", &index, &to].map(OsStr::new));
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    assert!(
        String::from_utf8(printed.stdout)
            .unwrap()
            .ends_with(&format!(" entries of {digest}\n"))
    );
    let etc = folder.path().join("from-index/etc");
    assert_eq!(fs::read(etc.join("motd")).unwrap(), b"hello");
    assert_eq!(fs::read(etc.join("conf.d/new")).unwrap(), b"kept");
    assert!(!etc.join("issue").exists() && !etc.join("conf.d/old").exists());

    assert!(failure("unpack", [image.as_str(), &to]).contains("holds something already"));
    assert!(failure("unpack", ["--platform", "linux/s390x", &index, &path("none")]).contains("platform"));
    assert!(failure("unpack", [format!("oci:{}", path("none")).as_str(), &path("none")]).contains("none"));
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
