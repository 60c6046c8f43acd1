//! Passwords: given, kept, used and forgotten.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::support::{Registry, command, files, stdout};

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
    let here = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(here("passwords"), PASSWORDS).unwrap();
    let registry = Registry::start(&["--htpasswd", &here("passwords")]);
    let config = format!(r#"{{"auths":{{"{}":{{"auth":"bWU6czNjcmV0"}}}}}}"#, registry.address);
    std::fs::write(here("config.json"), config).unwrap();
    std::fs::write(here("file"), "content").unwrap();
    let (app, file, layout) = (registry.reference("app:v1"), here("file"), here("layout"));
    let commands: &[&[&str]] = &[
        &["push", &app, &file],
        &["attach", "--artifact-type", "text/plain", &app, &file],
        &["discover", &app],
        &["inspect", &app],
        &["tags", &registry.reference("app")],
        &["catalog", &registry.address],
        &["raw_request", &app, "GET", "tags/list"],
        &["fetch", &app, &here("fetched")],
        &["pull", &app, &layout],
        &["push-layout", &format!("{layout}:v1"), &registry.reference("again:v1")],
        &["progress", "pull", &app, &here("with progress")],
        &["progress", "push", &layout, &app],
        &["resume_pull", &app, &here("resumed")],
        &["copy", &app, &registry.reference("copied:v1")],
        &["retag", &app, "v2"],
        &["delete", &app],
    ];
    for command_line in commands {
        let mut command = command(command_line[0], &command_line[1..]);
        let refused = command.output().unwrap();
        assert_eq!(refused.status.code(), Some(1), "{command_line:?} without the login");
        let output = command.env("DOCKER_CONFIG", folder.path()).output().unwrap();
        assert!(output.status.success(), "{command_line:?}: {output:?}");
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

/// `me` with the password `s3cret`.
const PASSWORDS: &str = "me:$2b$04$w5R6/rfuL6XzD2Mh3ImxS.URMRyoC1BGlNobN6B4mO2KI308Obk/i\n";
