//! Helpers that hang, flood, leave processes behind, or are not there (A29, A30, A32).

use std::fs;
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use oci_client_core::ErrorKind;
use oci_client_core::credentials::{
    CredentialChain, CredentialHelper, CredentialSource, HelperPrograms, StaticCredentials,
};
use oci_client_core::proto::CredentialQuery;
use test_support::traced;

use crate::support::{Home, answer, asked, password};

/// Far more than anything here takes, and far less than what the helpers would.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn a29_a_helper_that_hangs_is_killed_with_what_it_started() {
    for script in [
        "sleep 60",
        "exec sleep 60",
        "sleep 60 & wait",
        "trap '' TERM; sleep 60",
        "echo '{'; sleep 60",
        "cat; sleep 60",
    ] {
        let (home, begun) = (Home::new(), Instant::now());
        // What holds the pipe open for as long as it lives tells when it is gone: its end can then be read.
        home.plant("x", &format!("exec 9>\"$home/alive\"; {script}"));
        assert!(
            std::process::Command::new("mkfifo")
                .arg(home.path("alive"))
                .status()
                .unwrap()
                .success()
        );
        let fifo = home.path("alive");
        let gone = thread::spawn(move || fs::read(fifo));
        let helper = CredentialHelper::new("x", home.hasty_helpers()).unwrap();
        let error = asked(&helper, "h.test").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{script}");
        assert!(error.to_string().contains("no answer within 200ms"), "{error}");
        // Not every machine starts a shell within the limit: then nobody has opened it.
        drop(fs::OpenOptions::new().read(true).write(true).open(home.path("alive")));
        gone.join().unwrap().unwrap();
        assert!(begun.elapsed() < SOON, "{script}: {:?}", begun.elapsed());
    }
}

#[test]
fn a29_a_process_left_behind_is_not_waited_for() {
    for left in ["sleep 60 &", "(sleep 60 &)", "nohup sleep 60 >&1 2>&1 &"] {
        let (home, begun) = (Home::new(), Instant::now());
        home.plant(
            "x",
            &format!("{left}\necho $! > \"$home/left\"; {}", answer("me", "pw")),
        );
        assert_eq!(
            asked(&home.helper("x"), "h.test").unwrap(),
            Some(password("me", "pw")),
            "{left}"
        );
        assert!(begun.elapsed() < SOON, "{left}: {:?}", begun.elapsed());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a29_nobody_goes_on_reading_what_has_outlived_a_helper_that_was_killed() {
    let (home, begun) = (Home::new(), Instant::now());
    // In a session of its own it is not killed along. It ends once nobody reads what it says.
    let left = "trap \"\" PIPE; while echo x 2> /dev/null; do sleep 0.05; done; : > \"$1\"";
    home.plant(
        "x",
        &format!("setsid sh -c '{left}' left \"$home/unread\" & : > \"$home/begun\"; sleep 60"),
    );
    let helper = CredentialHelper::new("x", home.helpers().with_time_limit(Duration::from_secs(2))).unwrap();
    assert_eq!(asked(&helper, "h.test").unwrap_err().kind(), ErrorKind::Timeout);
    assert!(home.path("begun").exists());
    while !home.path("unread").exists() {
        assert!(begun.elapsed() < SOON, "a thread still reads");
        thread::yield_now();
    }
}

#[test]
fn a29_the_limit_holds_by_default_and_is_30_s() {
    assert_eq!(HelperPrograms::TIME_LIMIT, Duration::from_secs(30));
    assert!(format!("{:?}", HelperPrograms::new()).contains("30s"));
}

#[test]
fn a30_a_flood_is_cut_off() {
    for script in ["yes", "cat /dev/zero", "head -c 1048577 /dev/zero | tr '\\0' ' '"] {
        let (home, begun) = (Home::new(), Instant::now());
        home.plant("x", script);
        let error = asked(&home.helper("x"), "h.test").unwrap_err();
        let expected = [ErrorKind::TooLarge, ErrorKind::Store];
        assert!(expected.contains(&error.kind()), "{script}: {error}");
        assert!(begun.elapsed() < SOON, "{script}: {:?}", begun.elapsed());
    }
    let home = Home::new();
    home.plant(
        "x",
        &format!("head -c 1000000 /dev/zero | tr '\\0' ' '; {}", answer("me", "pw")),
    );
    assert_eq!(asked(&home.helper("x"), "h.test").unwrap(), Some(password("me", "pw")));
}

#[test]
fn a32_a_helper_that_is_configured_for_a_registry_has_to_work() {
    let entry = r#""auth":"bWU6cHc=""#;
    let (own, store) = (r#""credHelpers":{"h.test":"HELPER"}"#, r#""credsStore":"HELPER""#);
    let with = |fields: &str, entry: &str| format!(r#"{{"auths":{{"h.test":{{{entry}}}}},{fields}}}"#);
    let without = |fields: &str| format!("{{{fields}}}");
    let me = || Ok(Some(password("me", "pw")));
    let failed = || Err(ErrorKind::Store);
    // For each file: what comes of a helper that is missing, one that fails, and one that has nothing.
    for (file, missing, failing, empty) in [
        (without(own), failed(), failed(), Ok(None)),
        (with(own, ""), failed(), failed(), Ok(None)),
        (with(own, entry), failed(), failed(), me()),
        (with(store, ""), failed(), failed(), Ok(None)),
        (with(store, entry), me(), failed(), me()),
        (without(store), Ok(None), failed(), Ok(None)),
    ] {
        for (name, expected) in [("missing", missing), ("failing", failing), ("empty", empty)] {
            let home = Home::with_config(file.replace("HELPER", name));
            home.plant("failing", "exit 1");
            home.plant("empty", "echo 'credentials not found in native keychain'; exit 1");
            let found = asked(&home.config(), "h.test").map_err(|error| error.kind());
            assert_eq!(found, expected, "{name} {file}");
        }
    }
}

#[test]
fn a32_other_registries_do_not_suffer() {
    let file = r#"{"auths":{"h.test":{},"good.test":{"auth":"bWU6cHc="}},"credHelpers":{"bad.test":"missing"},"credsStore":"gone"}"#;
    let home = Home::with_config(file);
    let (found, trace) = traced(|| asked(&home.config(), "other.test").unwrap());
    assert_eq!(found, None);
    assert!(
        trace.contains("docker-credential-gone is in no folder of PATH"),
        "{trace}"
    );
    assert_eq!(asked(&home.config(), "good.test").unwrap(), Some(password("me", "pw")));
    assert!(asked(&home.config(), "bad.test").is_err());
    assert!(asked(&home.config(), "h.test").is_err());
}

#[test]
fn a32_a_broken_source_ends_the_chain() {
    let home = Home::with_config(r#"{"credHelpers":{"h.test":"missing"}}"#);
    let fallback = || StaticCredentials::new().with("h.test".parse().unwrap(), password("other", "pw"));
    let broken_first = CredentialChain::new().with(home.config()).with(fallback());
    assert_eq!(asked(&broken_first, "h.test").unwrap_err().kind(), ErrorKind::Store);
    let broken_last = CredentialChain::new().with(fallback()).with(home.config());
    assert_eq!(asked(&broken_last, "h.test").unwrap(), Some(password("other", "pw")));
    assert_eq!(asked(&CredentialChain::new(), "h.test").unwrap(), None);
}

#[test]
fn queries_at_the_same_time_share_one_run_and_later_ones_do_not() {
    let home = Home::new();
    // The first run waits until it is told to go on.
    let script = format!(
        "echo run >> \"$home/runs\"; read go < \"$home/go\"; {}",
        answer("me", "pw")
    );
    home.plant("x", &script);
    assert!(
        std::process::Command::new("mkfifo")
            .arg(home.path("go"))
            .status()
            .unwrap()
            .success()
    );
    let helper = home.helper("x");
    let barrier = Arc::new(Barrier::new(9));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (helper, barrier) = (helper.clone(), barrier.clone());
            thread::spawn(move || {
                barrier.wait();
                asked(&helper, "h.test").unwrap()
            })
        })
        .collect();
    barrier.wait();
    // Opening it waits until the helper reads, by when it has counted itself.
    fs::write(home.path("go"), "go\n").unwrap();
    let mut late = 0;
    for thread in threads {
        while !thread.is_finished() {
            // Whoever came too late for the first run has begun one of its own.
            if home.text("runs").lines().count() > 1 + late {
                late += 1;
                fs::write(home.path("go"), "go\n").unwrap();
            }
            thread::yield_now();
        }
        assert_eq!(thread.join().unwrap(), Some(password("me", "pw")));
    }
    assert!(home.text("runs").lines().count() < 8, "{}", home.text("runs"));
    let before = home.text("runs").lines().count();
    let again = thread::spawn(move || asked(&helper, "h.test").unwrap());
    fs::write(home.path("go"), "go\n").unwrap();
    again.join().unwrap();
    assert_eq!(home.text("runs").lines().count(), before + 1);
}

#[test]
fn a_dropped_query_leaves_nothing_that_others_wait_for() {
    let home = Home::new();
    home.plant("x", &answer("me", "pw"));
    let helper = home.helper("x");
    for _ in 0..3 {
        let query = CredentialQuery::new("h.test".parse().unwrap(), None);
        let mut future = helper.credential(&query);
        // It begins with the first poll.
        let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        drop(future);
    }
    assert_eq!(asked(&helper, "h.test").unwrap(), Some(password("me", "pw")));
}
