//! Configuration files that are missing, unreadable, malformed, odd, or changed under way (A33).

use std::fs;
use std::os::unix::fs::symlink;

use oci_client_core::ErrorKind;
use oci_client_core::credentials::ConfigFile;
use test_support::Canary;

use crate::support::{Home, asked, password};

const GOOD: &str = r#"{"auths":{"h.test":{"auth":"bWU6cHc="}}}"#;

#[test]
fn a33_missing_unreadable_and_malformed_are_three_errors() {
    let home = Home::new();
    let path = home.path("config.json");
    let kind = || asked(&home.config(), "h.test").unwrap_err().kind();
    assert_eq!(kind(), ErrorKind::NotFound);
    fs::create_dir(&path).unwrap();
    assert_eq!(kind(), ErrorKind::Store);
    fs::remove_dir(&path).unwrap();
    symlink(&path, &path).unwrap();
    assert_eq!(kind(), ErrorKind::Store);
    fs::remove_file(&path).unwrap();
    for text in [&b"[]"[..], b"{", b"nonsense", b"\xff\xfe{\0}\0", b"{}\0"] {
        fs::write(&path, text).unwrap();
        assert_eq!(kind(), ErrorKind::Invalid, "{text:?}");
    }
}

#[test]
fn a33_a_pipe_in_place_of_a_file_is_not_waited_for() {
    let home = Home::new();
    let made = std::process::Command::new("mkfifo")
        .arg(home.path("config.json"))
        .status();
    assert!(made.unwrap().success());
    assert_eq!(asked(&home.config(), "h.test").unwrap_err().kind(), ErrorKind::Store);
}

#[test]
fn a33_odd_files_are_read() {
    for (text, expected) in [
        (String::new(), None),
        (" \n".to_owned(), None),
        ("{}".to_owned(), None),
        (format!("\u{feff}{GOOD}"), Some(password("me", "pw"))),
        (format!("\n{GOOD}\n"), Some(password("me", "pw"))),
    ] {
        let home = Home::with_config(&text);
        assert_eq!(asked(&home.config(), "h.test").unwrap(), expected, "{text:?}");
    }
    let home = Home::new();
    fs::write(home.path("real"), GOOD).unwrap();
    symlink("real", home.path("config.json")).unwrap();
    assert!(asked(&home.config(), "h.test").unwrap().is_some());
}

#[test]
fn a33_a_file_may_have_4_mib_and_no_more() {
    let limit = 4 << 20;
    let padded = |size: usize| format!("{GOOD}{}", " ".repeat(size - GOOD.len()));
    let home = Home::with_config(padded(limit));
    assert!(asked(&home.config(), "h.test").unwrap().is_some());
    let home = Home::with_config(padded(limit + 1));
    assert_eq!(asked(&home.config(), "h.test").unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn a33_errors_name_file_and_entry_and_no_secret() {
    let canary = Canary::new();
    let home = Home::new();
    let secret = canary.text();
    for text in [
        format!(r#"{{"auths":{{"h.test":{{"auth":"{secret}"}}}}}}"#),
        format!(r#"{{"auths":{{"h.test":{{"auth":{{"{secret}":1}}}}}}}}"#),
        format!(r#"{{"auths":{{"h.test":"{secret}"}}}}"#),
        format!(r#"{{"auths":"{secret}"}}"#),
        format!(r#"{{"auths":{{"h.test":{secret}}}}}"#),
        format!(r#""{secret}""#),
        secret.to_owned(),
    ] {
        fs::write(home.path("config.json"), &text).unwrap();
        let error = asked(&home.config(), "h.test").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
        let place = home.path("config.json").display().to_string();
        assert!(error.to_string().starts_with(&place), "{error}");
        canary.assert_absent_from_error(&error);
    }
    let good = format!(r#"{{"auths":{{"h.test":{{"username":"me","password":"{secret}"}}}}}}"#);
    fs::write(home.path("config.json"), good).unwrap();
    let (found, trace) = test_support::traced(|| asked(&home.config(), "h.test").unwrap());
    assert_eq!(found, Some(password("me", secret)));
    let shown = [format!("{found:?}"), format!("{:?}", home.config()), trace];
    canary.assert_absent_from("what is shown", shown.iter().map(String::as_bytes));
}

#[test]
fn a_new_login_is_seen_at_once() {
    let home = Home::with_config("{}");
    let config: ConfigFile = home.config();
    assert_eq!(asked(&config, "h.test").unwrap(), None);
    fs::write(home.path("config.json"), GOOD).unwrap();
    assert_eq!(asked(&config, "h.test").unwrap(), Some(password("me", "pw")));
    // Of the same length, within the same moment.
    fs::write(home.path("config.json"), GOOD.replace("bWU6cHc=", "bWU6cHg=")).unwrap();
    assert_eq!(asked(&config, "h.test").unwrap(), Some(password("me", "px")));
}

#[test]
fn a34_no_registry_gets_the_credential_of_another() {
    let text = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6cHc="},"h.test":{"auth":"bWU6cHc="}}}"#;
    let home = Home::with_config(text);
    for host in [
        "h.test:5000",
        "sub.h.test",
        "other.test",
        "ghcr.io",
        "localhost:5000",
        "docker.com",
    ] {
        assert_eq!(asked(&home.config(), host).unwrap(), None, "{host}");
    }
    assert!(asked(&home.config(), "docker.io").unwrap().is_some());
}
