//! Layouts and archives: copied to and from, listed, verified and cleared.

use crate::support::{Registry, command, failed, run, stdout};

#[test]
fn an_image_with_its_referrers_is_copied_through_a_layout_and_an_archive() {
    let (registry, folder) = (Registry::start(&[]), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("a.txt"), "hello").unwrap();
    let image = registry.reference("files:v1");
    let pushed = run("push", [&image, &path("a.txt")]);
    let digest = stdout(&pushed).trim().rsplit_once('@').unwrap().1.to_owned();
    run("attach", ["--artifact-type", "text/x", &image, &path("a.txt")]);

    let layout = format!("oci:{}", path("layout"));
    let archive = format!("oci-archive:{}", path("image.tar"));
    let back = registry.reference("copy:v1");
    for pair in [[&*image, &layout], [&*layout, &archive], [&*archive, &back]] {
        let to = pair[1].to_owned() + if pair[1] == back { "" } else { ":v1" };
        let from = pair[0].to_owned() + if pair[0] == image { "" } else { ":v1" };
        let copied = run("copy", ["--referrers", &from, &to]);
        let expected = format!("{}@{digest}", pair[1].trim_end_matches(":v1"));
        assert_eq!(stdout(&copied).trim(), expected);
    }
    assert!(stdout(&run("discover", [&back])).contains("text/x"));

    let listed = stdout(&run("layout", ["list", &path("layout")]));
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(
        listed.contains(&format!("{digest} application/vnd.oci.image.manifest.v1+json v1")),
        "{listed}"
    );
    assert!(stdout(&run("layout", ["verify", &path("layout")])).contains("4 files"));
    let stray = "blobs/sha256/".to_owned() + &"0".repeat(64);
    std::fs::write(folder.path().join("layout").join(&stray), "stray").unwrap();
    assert!(stdout(&run("layout", ["gc", &path("layout")])).contains("0 bytes removed"));
    assert!(stdout(&run("layout", ["gc", "--min-age", "0", &path("layout")])).contains("5 bytes removed"));
    assert!(!folder.path().join("layout").join(&stray).exists());
    std::fs::remove_dir_all(folder.path().join("layout/blobs/sha256")).unwrap();
    let verified = command("layout", ["verify", &path("layout")]).output().unwrap();
    assert_eq!(verified.status.code(), Some(1));
    assert!(
        stdout(&verified).contains("0 files of 0 bytes are right"),
        "{}",
        stdout(&verified)
    );

    assert_eq!(failed("copy", [&image, "docker-daemon:x"]), 2);
    assert_eq!(failed("copy", [&image, &format!("{back}@{digest}")]), 2);
    assert_eq!(failed("copy", ["oci:/nonexistent", &back]), 1);
}

#[test]
fn all_tags_of_a_repository_are_copied_or_those_that_match() {
    let (registry, folder) = (Registry::start(&[]), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut digests = Vec::new();
    for tag in ["v1.0", "v1.1", "v2.0"] {
        std::fs::write(path("a.txt"), tag).unwrap();
        let pushed = run("push", [&registry.reference(&format!("files:{tag}")), &path("a.txt")]);
        digests.push(stdout(&pushed).trim().rsplit_once('@').unwrap().1.to_owned());
    }
    let (files, layout) = (registry.reference("files"), format!("oci:{}", path("layout")));
    let copied = run("copy", ["--all-tags", "--tag", "v1.*", &files, &layout]);
    assert_eq!(stdout(&copied), format!("v1.0 {}\nv1.1 {}\n", digests[0], digests[1]));

    // From one layout on; what is there stays.
    let back = registry.reference("back");
    run("copy", [&registry.reference("files:v2.0"), &format!("{back}:v1.1")]);
    let copied = run("copy", ["--all-tags", "--no-clobber", "--keep-going", &layout, &back]);
    assert_eq!(
        stdout(&copied),
        format!("v1.0 {}\nv1.1 {} kept\n", digests[0], digests[2])
    );
    assert_eq!(stdout(&run("tags", [&back])), "v1.0\nv1.1\n");

    let archive = path("dry.tar");
    let dry = run(
        "copy",
        [
            "--dry-run",
            &format!("{files}:v1.0"),
            &format!("oci-archive:{archive}:v1"),
        ],
    );
    assert_eq!(
        String::from_utf8_lossy(&dry.stderr).lines().last(),
        Some("6 bytes of blobs")
    );
    assert!(!std::path::Path::new(&archive).exists());

    assert_eq!(failed("copy", ["--tag", "v1.*", &files, &layout]), 2);
    assert_eq!(failed("copy", ["--all-tags", "--tag", "v1/*", &files, &layout]), 2);
    assert_eq!(
        failed("copy", ["--all-tags", &registry.reference("absent"), &layout]),
        1
    );
    // What is missing is said, and the rest copied all the same.
    let lost = "layout/blobs/sha256/".to_owned() + &digests[0]["sha256:".len()..];
    std::fs::remove_file(folder.path().join(lost)).unwrap();
    let rest = registry.reference("rest");
    let copied = command("copy", ["--all-tags", "--keep-going", &layout, &rest])
        .output()
        .unwrap();
    assert_eq!(copied.status.code(), Some(1));
    assert_eq!(stdout(&copied), format!("v1.1 {}\n", digests[1]));
    assert!(String::from_utf8_lossy(&copied.stderr).contains("v1.0: "));
}
