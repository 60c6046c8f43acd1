//! Images that are made of others.

use std::fs;

use crate::support::{Served, failure, run};

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
