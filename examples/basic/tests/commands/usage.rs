//! Arguments, exit codes, and what needs no registry.

use std::ffi::OsStr;

use crate::support::{command, failed, run, stdout};

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
        ("raw_request", &["localhost:1/", "GET", "/"]),
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
fn a_store_of_ones_own() {
    let text = stdout(&run("custom_store", [""; 0]));
    assert_eq!(text, "17 checks passed\nv1 copied there and back\n");
}

#[test]
fn transports_of_ones_own() {
    let text = stdout(&run("custom_transport", [""; 0]));
    assert_eq!(text, "GET https://registry.example.com/v2/app/tags/list\n1.0\n1.1\n");
    assert_eq!(stdout(&run("tower_transport", [""; 0])), "found: false\nrequests: 1\n");
}
