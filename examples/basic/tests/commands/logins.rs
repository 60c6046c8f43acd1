//! Passwords: given, kept, used and forgotten.

use std::io::{BufRead as _, BufReader, Write as _};
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
