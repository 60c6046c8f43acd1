//! Images that are made of others.

use std::fs;

use crate::support::{Served, failure, outcome, run};

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

#[test]
fn layers_are_made_one() {
    let (served, folder) = (Served::start(), tempfile::tempdir().unwrap());
    let images: Vec<String> = (0..3).map(|number| served.at(&format!("app:{number}"))).collect();
    for (number, image) in images.iter().enumerate() {
        let from = folder.path().join(number.to_string());
        fs::create_dir(&from).unwrap();
        fs::write(from.join("same"), number.to_string()).unwrap();
        fs::write(from.join(number.to_string()), "").unwrap();
        let base = images.get(number.wrapping_sub(1)).map_or("scratch", String::as_str);
        run("build_image", ["--base", base, "--from", from.to_str().unwrap(), image]);
    }
    let (image, flat, two) = (&images[2], served.at("app:flat"), served.at("app:two"));
    let platform = ["--platform", "linux/amd64"];
    run("mutate", ["--flatten", image, &flat]);
    run("mutate", ["--squash", "2", image, &two]);
    for (made, blobs) in [(image, 3), (&flat, 1), (&two, 2)] {
        let same = outcome("diff", [platform[0], platform[1], image, made]);
        assert_eq!((same.code, same.stdout.as_str()), (0, ""));
        let valid = outcome("validate_image", [made]);
        assert!(
            valid.code == 0 && valid.stderr.ends_with(&format!(" {blobs} blobs\n")),
            "{}",
            valid.stderr
        );
    }
    let archive = outcome("export", [image]);
    assert_eq!(archive.code, 0, "{}", archive.stderr);
    assert_eq!(outcome("export", [&flat]).stdout, archive.stdout);
    for name in ["0", "1", "2", "same"] {
        assert!(archive.stdout.contains(&format!("{name}\0\0")), "{name}");
    }
    assert!(failure("mutate", ["--squash", "4", image, &two]).contains("3 layers"));
    assert_eq!(outcome("mutate", ["--squash", "4", "--flatten", image, &two]).code, 2);
    assert!(failure("export", [&served.at("app:none")]).contains("app"));
}
