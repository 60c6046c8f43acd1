//! The examples as a user runs them: programs, arguments, output, exit codes.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use oci_client_core::client::Client;
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_spec_types::{Annotations, AnyManifest, Descriptor, Document, ImageManifest, MediaType, Reference};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

#[test]
fn files_go_up_and_come_back() {
    let (registry, folder) = (Registry::start(&[]), tempfile::tempdir().unwrap());
    let (empty, text) = (folder.path().join("empty"), folder.path().join("a.txt"));
    std::fs::write(&empty, "").unwrap();
    std::fs::write(&text, "hello").unwrap();
    let reference = registry.reference("files:v1");

    let typed = format!("{}:text/plain", text.display());
    let annotation = ["--annotation", "a.b=c=d", "--artifact-type", "application/vnd.test"];
    let pushed = run(
        "push",
        annotation
            .iter()
            .map(OsStr::new)
            .chain([reference.as_ref(), empty.as_ref(), typed.as_ref()]),
    );
    let digest = stdout(&pushed).trim().rsplit_once('@').unwrap().1.to_owned();
    assert_eq!(
        stdout(&pushed).trim(),
        format!("{}@{digest}", registry.reference("files"))
    );

    assert_eq!(stdout(&run("tags", [registry.reference("files")])), "v1\n");
    let shown = run("inspect", [&reference]);
    let manifest: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(manifest.pointer("/annotations/a.b").unwrap(), "c=d");
    assert_eq!(manifest.pointer("/artifactType").unwrap(), "application/vnd.test");
    assert_eq!(manifest.pointer("/layers/1/mediaType").unwrap(), "text/plain");
    assert_eq!(String::from_utf8_lossy(&shown.stderr).trim(), digest);

    let fetched = folder.path().join("new/folder");
    assert_eq!(
        stdout(&run("fetch", [reference.as_ref(), fetched.as_os_str()])),
        "empty\na.txt\n"
    );
    assert_eq!(std::fs::read(fetched.join("empty")).unwrap(), b"");
    assert_eq!(std::fs::read(fetched.join("a.txt")).unwrap(), b"hello");

    let layout = folder.path().join("layout");
    assert_eq!(
        stdout(&run("pull", [reference.as_ref(), layout.as_os_str()])).trim(),
        digest
    );
    let from = format!("{}:v1", layout.display());
    let to = registry.reference("copy:v2");
    assert!(stdout(&run("push-layout", [&from, &to])).trim().ends_with(&digest));
    assert!(
        stdout(&run("push-layout", [layout.to_str().unwrap(), &to]))
            .trim()
            .ends_with(&digest)
    );

    run("delete", [registry.reference(&format!("copy@{digest}"))]);
    assert_eq!(failed("inspect", [&to]), 1);
}

#[test]
fn artifacts_are_attached_and_discovered() {
    let (registry, folder) = (Registry::start(&[]), tempfile::tempdir().unwrap());
    let file = folder.path().join("sbom.json");
    std::fs::write(&file, "[]").unwrap();
    let (image, file) = (registry.reference("files:v1"), file.display().to_string());
    run("push", [&image, &file]);
    let attach = |kind: &str, subject: &str| {
        let typed = format!("{file}:text/spdx+json");
        let arguments = ["--artifact-type", kind, "--annotation", "a.b=c", subject, &typed];
        let attached = run("attach", arguments);
        assert_eq!(String::from_utf8_lossy(&attached.stderr).trim(), "listed: ByRegistry");
        let reference = stdout(&attached).trim().to_owned();
        let digest = reference.rsplit_once('@').unwrap().1.to_owned();
        (reference, digest)
    };
    let (sbom, first) = attach("text/spdx+json", &image);
    let (_, second) = attach("application/vnd.test.signature", &sbom);
    assert_eq!(stdout(&run("discover", [&image])), format!("{first} text/spdx+json\n"));
    let tree = format!("{first} text/spdx+json\n  {second} application/vnd.test.signature\n");
    assert_eq!(stdout(&run("discover", ["--tree", &image])), tree);
    assert_eq!(stdout(&run("discover", ["--artifact-type", "a/b", &image])), "");

    let manifest: serde_json::Value = serde_json::from_slice(&run("inspect", [&sbom]).stdout).unwrap();
    let title = "/layers/0/annotations/org.opencontainers.image.title";
    let empty = "application/vnd.oci.empty.v1+json";
    for (place, expected) in [
        ("/artifactType", "text/spdx+json"),
        ("/config/mediaType", empty),
        ("/layers/0/mediaType", "text/spdx+json"),
        (title, "sbom.json"),
        ("/annotations/a.b", "c"),
    ] {
        assert_eq!(manifest.pointer(place).unwrap(), expected, "{place}");
    }
    assert_eq!(
        failed(
            "attach",
            ["--artifact-type", "a/b", &registry.reference("files:no"), &file]
        ),
        1
    );
    assert_eq!(failed("discover", [registry.reference("files:no")]), 1);
}

#[test]
fn manifests_are_tagged_again_and_repositories_listed() {
    let (registry, folder) = (Registry::start(&[]), tempfile::tempdir().unwrap());
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    let reference = registry.reference("files:v1");
    let pushed = run("push", [&reference, &file.display().to_string()]);
    let digest = stdout(&pushed).trim().rsplit_once('@').unwrap().1.to_owned();
    let retagged = run("retag", [&*reference, "v2"]);
    assert_eq!(
        stdout(&retagged).trim(),
        registry.reference(&format!("files:v2@{digest}"))
    );
    assert_eq!(stdout(&run("tags", [registry.reference("files")])), "v1\nv2\n");
    assert_eq!(stdout(&run("catalog", [&registry.address])), "files\n");
    let raw = run("raw_request", [&*registry.reference("files"), "GET", "tags/list?n=1"]);
    assert_eq!(stdout(&raw), r#"{"name":"files","tags":["v1"]}"#);
    let same = run("raw_request", [&*registry.reference("files"), "GET", "/tags/list?n=1"]);
    assert_eq!(stdout(&same), stdout(&raw));
    let head = String::from_utf8_lossy(&raw.stderr).into_owned();
    assert!(
        head.starts_with("200 OK\n") && head.contains("content-type: application/json"),
        "{head}"
    );
    for (method, path) in [
        ("GET", "/manifests/v3"),
        ("GET", "https://localhost:1/v2/"),
        ("GET", "/../x"),
    ] {
        assert_eq!(
            failed("raw_request", [&*registry.reference("files"), method, path]),
            1,
            "{path}"
        );
    }
    assert_eq!(failed("retag", [&*registry.reference("files:no"), "v2"]), 1);
}

#[test]
fn c24_a_title_that_is_no_plain_file_name_is_refused() {
    let (registry, folder) = (
        Registry::start(&["--allow-missing-blobs"]),
        tempfile::tempdir().unwrap(),
    );
    let long = "x".repeat(256);
    for title in [
        "../out",
        "/tmp/out",
        "a/b",
        "..",
        ".",
        "",
        "a\\b",
        "c:d",
        "a\nb",
        "\u{1b}[2J",
        &long,
    ] {
        let reference = registry.reference("hostile:v1");
        push_titled(&reference, &["good.txt", title]);
        let (inside, before) = (folder.path().join("inside"), files(folder.path()));
        let output = command("fetch", [reference.as_ref(), inside.as_os_str()])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{title:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("fetch: refused: the title"), "{text}");
        assert!(!text.trim_end().chars().any(char::is_control), "{text:?}");
        // Nothing is fetched, the files with good titles included.
        assert_eq!(files(folder.path()), before, "{title:?}");
    }
}

#[test]
fn two_files_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("b")).unwrap();
    let files = ["a", "b/a"].map(|name| folder.path().join(name));
    files.iter().for_each(|file| std::fs::write(file, "").unwrap());
    let arguments = [
        OsStr::new("localhost:1/x:y"),
        files[0].as_os_str(),
        files[1].as_os_str(),
    ];
    assert_eq!(failed("push", arguments), 1);
}

#[test]
fn wrong_usage_exits_with_2_and_failure_with_1() {
    for (name, arguments) in [
        ("pull", &["ubuntu", "dir"][..]),
        ("pull", &["https://localhost:1/x", "dir"]),
        ("pull", &["localhost:1/x"]),
        ("pull", &["--platform", "nonsense", "localhost:1/x", "dir"]),
        ("push", &["localhost:1/x:y"]),
        ("push", &["--annotation", "novalue", "localhost:1/x:y", "file"]),
        ("tags", &["localhost:1/x:y"]),
        ("delete", &["localhost:1/x"]),
        ("inspect", &["--creds", "nocolon", "localhost:1/x"]),
        ("validate", &["nonsense", "file"]),
        ("validate", &["manifest", "/nonexistent"]),
        ("serve", &["--nonsense"]),
        ("login", &["--password-stdin", "localhost:1"]),
        ("login", &["-u", "me", "not a host"]),
        ("logout", &["https://localhost:1"]),
        ("attach", &["localhost:1/x:y", "file"]),
        ("attach", &["--artifact-type", "nonsense", "localhost:1/x:y", "file"]),
        ("catalog", &["localhost:1/x"]),
        ("discover", &[]),
        ("raw_request", &["localhost:1/x:y", "GET", "/"]),
        ("retag", &["localhost:1/x", "no tag"]),
    ] {
        assert_eq!(failed(name, arguments), 2, "{name} {arguments:?}");
    }
    assert_eq!(failed("push", ["localhost:1/x:y", "/nonexistent"]), 1);
    assert_eq!(failed("push-layout", ["/nonexistent", "localhost:1/x:y"]), 1);
    assert_eq!(failed("serve", ["--addr", "256.0.0.1:0"]), 1);
}

#[test]
fn documents_are_valid_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good"), folder.path().join("bad"));
    std::fs::write(&good, r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    std::fs::write(&bad, r#"{"imageLayoutVersion":1}"#).unwrap();
    let output = run("validate", [OsStr::new("layout-header"), good.as_os_str()]);
    assert_eq!(stdout(&output), format!("{}: valid\n", good.display()));
    let output = command(
        "validate",
        [OsStr::new("layout-header"), good.as_os_str(), bad.as_os_str()],
    )
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    let mut lines = text.lines().skip(1);
    assert_eq!(lines.next().unwrap(), format!("{}: invalid", bad.display()));
    assert!(
        lines.next().unwrap().starts_with("  error: $.imageLayoutVersion"),
        "{text}"
    );
}

#[test]
fn a_login_is_kept_used_and_forgotten() {
    let (registry, folder) = (Registry::start(&[]), tempfile::tempdir().unwrap());
    let in_folder = |name: &str, arguments: &[&str]| {
        let mut command = command(name, arguments);
        command.env("DOCKER_CONFIG", folder.path());
        command
    };
    let config = || std::fs::read_to_string(folder.path().join("config.json")).unwrap();
    let login = ["-u", "me", "--password-stdin", &registry.address];

    std::fs::write(folder.path().join("config.json"), "{\"detachKeys\": \"x\"}").unwrap();
    let output = fed(in_folder("login", &login), "s3cret\n");
    assert!(output.status.success(), "{output:?}");
    assert!(stdout(&output).starts_with(&format!("logged in to {}", registry.address)));
    // This registry asks nobody for a password.
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not be checked"));
    let kept: serde_json::Value = serde_json::from_str(&config()).unwrap();
    assert_eq!(kept["auths"][&registry.address]["auth"], "bWU6czNjcmV0");
    assert_eq!(kept["detachKeys"], "x");

    for expected in ["logged out of", "not logged in to"] {
        let output = in_folder("logout", &[&registry.address]).output().unwrap();
        assert_eq!(stdout(&output), format!("{expected} {}\n", registry.address));
    }
    assert!(!config().contains(&registry.address));

    // What is not understood is not overwritten.
    std::fs::write(folder.path().join("config.json"), "[]").unwrap();
    assert!(!fed(in_folder("login", &login), "s3cret\n").status.success());
    assert_eq!(config(), "[]");
}

#[test]
fn a_login_that_cannot_be_checked_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, password) in [
        // Nothing listens there.
        (&["-u", "me", "--password-stdin", "127.0.0.1:1"][..], "s3cret"),
        (&["-u", "me", "--password-stdin", "127.0.0.1:1"], ""),
        (&["-u", "", "--password-stdin", "127.0.0.1:1"], "s3cret"),
    ] {
        let mut command = command("login", arguments);
        command.env("DOCKER_CONFIG", folder.path());
        let output = fed(command, password);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("s3cret"));
    }
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn the_examples_use_the_login_of_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let config = format!(r#"{{"auths":{{"{address}":{{"auth":"bWU6czNjcmV0"}}}}}}"#);
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let server = std::thread::spawn(move || serve_basic(&listener));
    let mut command = command("tags", [format!("{address}/app")]);
    command.env("DOCKER_CONFIG", folder.path());
    let output = command.output().unwrap();
    assert_eq!(stdout(&output), "v1\n", "{output:?}");
    assert_eq!(server.join().unwrap(), "Basic bWU6czNjcmV0");
}

/// Answers requests until one has a password, which is what it gives.
fn serve_basic(listener: &std::net::TcpListener) -> String {
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        let mut password = None;
        for line in BufReader::new(&stream)
            .lines()
            .map(Result::unwrap)
            .take_while(|line| !line.is_empty())
        {
            let field = line
                .split_once(": ")
                .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            password = password.or(field.map(|(_, value)| value.to_owned()));
        }
        let (status, body) = match password {
            Some(_) => ("200 OK", r#"{"name":"app","tags":["v1"]}"#),
            None => ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", ""),
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        if let Some(password) = password {
            return password;
        }
    }
}

/// Runs a command with `input` on its standard input.
fn fed(mut command: Command, input: &str) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    // A command that fails before it reads is not at fault for that.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

#[test]
fn every_profile_takes_what_its_users_push() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    // On the list of the one that has a list.
    let artifact_type = "application/vnd.dev.cosign.test";
    for profile in oci_registry::profile::Profile::NAMES {
        let (mut registry, told) = Registry::start_profile(profile);
        let part = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let reference = registry.reference(&format!("{}:v1", part("repository ")));
        let (user, password) = part("user ").split_once(" password ").unwrap();
        let creds = format!("{user}:{password}");
        let arguments = ["--creds", &creds, "--artifact-type", artifact_type, &reference];
        let pushed = command("push", arguments.map(OsStr::new).into_iter().chain([file.as_ref()]))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&pushed.stderr);
        if profile == "quay-self-hosted" {
            // It takes images only.
            assert_eq!(pushed.status.code(), Some(1));
            assert!(text.contains("unknown media type"), "{text}");
        } else {
            assert!(pushed.status.success(), "{profile}: {text}");
            let fetched = folder.path().join(profile);
            run(
                "fetch",
                [
                    "--creds".as_ref(),
                    creds.as_ref(),
                    reference.as_ref(),
                    fetched.as_os_str(),
                ],
            );
            assert_eq!(std::fs::read(fetched.join("a.txt")).unwrap(), b"hello", "{profile}");
        }
        registry.process.kill().unwrap();
    }
    assert_eq!(failed("serve", ["--profile", "nonsense"]), 2);
}

/// `serve`, until the test is over.
struct Registry {
    address: String,
    process: Child,
}

impl Registry {
    fn start(arguments: &[&str]) -> Self {
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
    fn start_profile(profile: &str) -> (Self, String) {
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

    fn reference(&self, rest: &str) -> String {
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

/// Pushes an artifact with these titles, which `push` would not write.
fn push_titled(reference: &str, titles: &[&str]) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = MemoryStore::new();
        let text = MediaType::from_static("text/plain");
        let layer = |title: &&str| {
            let content = title.as_bytes().to_vec();
            store
                .add_blob(text.clone(), content)
                .with_annotation(Annotations::TITLE, *title)
        };
        let layers = titles.iter().map(layer).collect();
        store.add_blob(Descriptor::empty().media_type, "{}");
        let manifest = AnyManifest::Image(ImageManifest::artifact(text.clone(), layers));
        let reference: Reference = reference.parse().unwrap();
        store.add_manifest(Document::from_value(manifest).unwrap(), reference.tag().cloned());
        let transport = Arc::new(ReqwestTransport::builder().no_proxy().build().unwrap());
        let client = Client::new(transport, Arc::new(TokioRuntime::try_current().unwrap()));
        let (from, to) = (reference.target().unwrap(), client.repository(&reference));
        copy(&store, &from, &to, reference.tag(), &CopyOptions::new())
            .await
            .unwrap();
    });
}

#[test]
fn transports_of_ones_own() {
    let text = stdout(&run("custom_transport", [""; 0]));
    assert_eq!(text, "GET https://registry.example.com/v2/app/tags/list\n1.0\n1.1\n");
    assert_eq!(stdout(&run("tower_transport", [""; 0])), "found: false\nrequests: 1\n");
}

/// An example, as `cargo test` has built it beside this test.
fn command(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let this = std::env::current_exe().unwrap();
    let program = this.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(
        program.exists(),
        "{} is missing: run the tests with `cargo test`, which builds it",
        program.display()
    );
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // Not the logins of whoever runs the tests.
    command
        .env("DOCKER_CONFIG", "/nonexistent")
        .env_remove("REGISTRY_AUTH_FILE");
    command
}

fn run(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let output = command(name, arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn failed(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> i32 {
    let output = command(name, arguments).output().unwrap();
    assert!(output.stdout.is_empty(), "{name} prints results although it fails");
    assert!(!output.stderr.is_empty(), "{name} fails without a word");
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}
