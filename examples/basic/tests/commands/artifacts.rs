//! Files, artifacts and manifests: there, back, and found again.

use std::ffi::OsStr;

use crate::support::{Registry, command, failed, run, stdout};

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
    for (repository, path) in [
        ("files", "/tags/list?n=1"),
        ("files:v1", "tags/list?n=1"),
        ("files:v1", "/v2/files/tags/list?n=1"),
    ] {
        let same = run("raw_request", [&*registry.reference(repository), "GET", path]);
        assert_eq!(stdout(&same), stdout(&raw), "{repository} {path}");
    }
    let head = String::from_utf8_lossy(&raw.stderr).into_owned();
    assert!(
        head.starts_with("200 OK\n") && head.contains("content-type: application/json"),
        "{head}"
    );
    let manifest = run("raw_request", [&*registry.reference("files"), "HEAD", "manifests/v1"]);
    let etag = format!("etag: \"{digest}\"\n");
    assert!(
        String::from_utf8_lossy(&manifest.stderr).contains(&etag),
        "{manifest:?}"
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
