//! The examples as programs: what they print, and how they end.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

use std::process::{Command, Output, Stdio};

#[test]
fn drive_by_hand() {
    let text = stdout(&run("drive_by_hand", &[]));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines.first(),
        Some(&"  GET https://registry.example.com/v2/app/tags/list"),
        "{text}"
    );
    assert!(lines.contains(&"tags: 1.0, 1.1"), "{text}");
    // The second operation sends its token with its first request.
    let blob = lines.iter().filter(|line| line.contains("/blobs/")).collect::<Vec<_>>();
    assert!(
        blob.len() == 1 && blob.iter().all(|line| line.ends_with(" with a token")),
        "{text}"
    );
    assert_eq!(lines.last(), Some(&"pulled and verified 17 bytes"), "{text}");
}

#[test]
fn blocking_pull() {
    let text = stdout(&run("blocking_pull", &[]));
    assert!(text.lines().last().unwrap().starts_with("pulled sha256:"), "{text}");
    for arguments in [
        &["one"][..],
        &["127.0.0.1:1/app:1.0", "/nonexistent"],
        &["not a reference", "."],
    ] {
        let output = run("blocking_pull", arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
        assert!(output.stderr.starts_with(b"blocking_pull: "));
    }
}

/// Runs an example, as `cargo test` has built it beside this test.
fn run(name: &str, arguments: &[&str]) -> Output {
    let this = std::env::current_exe().unwrap();
    let program = this.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(
        program.exists(),
        "{} is missing: run the tests with `cargo test`, which builds it",
        program.display()
    );
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
