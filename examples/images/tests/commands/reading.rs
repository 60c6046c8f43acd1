//! What is in images: their files, and where they differ.

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use crate::support::{Served, failure, outcome, printed, run};

/// A registry with `app:base`, `app:newer` and `app:1`, which is based on the first.
struct Images {
    folder: TempDir,
    served: Served,
}

impl Images {
    fn new() -> Self {
        let images = Self {
            folder: tempfile::tempdir().unwrap(),
            served: Served::start(),
        };
        let base = images.directory("base", &[("etc/motd", "old\n"), ("etc/issue", "1\n")]);
        let newer = images.directory("newer", &[("etc/motd", "newer\n"), ("lib", "2\n")]);
        let app = images.directory("app", &[("app", "#!/bin/sh\n"), ("bell\u{7}", "")]);
        symlink("../etc/motd", app.clone() + "/motd").unwrap();
        for (name, from, below) in [("base", base, None), ("newer", newer, None), ("1", app, Some("base"))] {
            let below = below.map_or("scratch".to_owned(), |below| images.served.at(&format!("app:{below}")));
            let (to, platform) = (images.at(name), oci_spec_types::Platform::host().to_string());
            run(
                "build_image",
                ["--platform", &platform, "--base", &below, "--from", &from, &to],
            );
        }
        images
    }

    fn at(&self, tag: &str) -> String {
        self.served.at(&format!("app:{tag}"))
    }

    fn directory(&self, name: &str, files: &[(&str, &str)]) -> String {
        let folder = self.folder.path().join(name);
        for (file, content) in files {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        folder.to_str().unwrap().to_owned()
    }

    /// The image in each kind of place.
    fn everywhere(&self) -> [String; 4] {
        let folder = self.folder.path().display();
        let (base, image) = (self.at("base"), self.at("1"));
        let copies = [
            format!("oci:{folder}/layout:1"),
            format!("oci-archive:{folder}/oci.tar:1"),
            format!("docker-archive:{folder}/docker.tar:app:1"),
        ];
        for copy in &copies {
            let onto_itself = ["--new-base", base.as_str(), "--old-base", &base, &image, copy];
            run("rebase", onto_itself);
        }
        let [layout, oci, docker] = copies;
        [layout, oci, docker, image]
    }
}

#[test]
fn files_are_listed_and_read_wherever_the_image_is() {
    let images = Images::new();
    for image in images.everywhere() {
        let all = "app\nbell\\u{7}\netc\netc/issue\netc/motd\nmotd\n";
        assert_eq!(printed("ls", [image.as_str()]), all, "{image}");
        assert_eq!(printed("ls", [image.as_str(), "/etc/"]), "etc\netc/issue\netc/motd\n");
        assert_eq!(printed("cat", [image.as_str(), "/motd"]), "old\n");
        assert_eq!(printed("cat", [image.as_str(), "etc/issue"]), "1\n");
    }
    let long = printed("ls", ["--long", &images.at("1"), "motd"]);
    assert_eq!(long, "l 0777 0:0          0 motd -> ../etc/motd\n");
    assert_eq!(printed("ls", [""; 0]), "etc\netc/motd\nmotd\n");
}

#[test]
fn of_an_index_the_platform_is_chosen() {
    let (images, served) = (Images::new(), Served::start());
    let (index, other) = (served.at("app:index"), served.at("app:other"));
    let from = images.directory("other", &[("s390x", "")]);
    run("build_image", ["--platform", "linux/s390x", "--from", &from, &other]);
    run("index", ["create", &index, &other, &images.at("1")]);
    assert_eq!(printed("ls", ["--platform", "linux/s390x", &index]), "s390x\n");
    assert_eq!(printed("cat", [index.as_str(), "etc/issue"]), "1\n");
    let differences = outcome("diff", ["--platform", "linux/s390x", &index, &other]);
    assert_eq!((differences.code, differences.stdout.as_str()), (0, ""));
    assert!(failure("ls", ["--platform", "plan9/arm", &index]).contains("plan9"));
}

#[test]
fn differences_are_told_by_exit_code_and_letter() {
    let images = Images::new();
    let (base, newer) = (images.at("base"), images.at("newer"));
    let changed = outcome("diff", [&base, &newer]);
    assert_eq!(changed.code, 1);
    assert_eq!(changed.stdout, "D etc/issue\nC etc/motd\nA lib\n");
    let same = outcome("diff", [&base, &base]);
    assert_eq!((same.code, same.stdout.as_str()), (0, ""));
    let missing = outcome("diff", [&base, &images.at("none")]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    assert!(missing.stderr.contains("none"), "{}", missing.stderr);
}

#[test]
fn an_image_gets_another_base() {
    let images = Images::new();
    let (base, newer, image, moved) = (images.at("base"), images.at("newer"), images.at("1"), images.at("2"));
    let first = run("rebase", ["--new-base", &newer, &image, &moved]);
    assert_eq!(
        run("rebase", ["--old-base", &base, "--new-base", &newer, &image, &moved]),
        first
    );
    assert_eq!(printed("cat", [moved.as_str(), "motd"]), "newer\n");
    assert_eq!(printed("ls", [moved.as_str(), "app"]), "app\n");
    // It says what it is based on now, and so can be moved back.
    let back = images.at("3");
    assert_eq!(
        run("rebase", ["--new-base", &base, &moved, &back]),
        run("mutate", [&image, &back])
    );
    assert!(failure("rebase", ["--old-base", &newer, "--new-base", &base, &image, &back]).contains("base"));
    assert!(failure("rebase", ["--new-base", &newer, &base, &back]).contains("--old-base"));
}

#[test]
fn what_is_missing_is_named() {
    let images = Images::new();
    let image = images.at("1");
    for (name, arguments, told) in [
        ("ls", [image.as_str(), "etc/none"], "etc/none"),
        ("ls", ["oci:/nonexistent", "etc"], "/nonexistent"),
        ("cat", [&image, "etc/none"], "etc/none"),
        ("cat", [&image, "etc"], "directory"),
        ("cat", ["docker-archive:/nonexistent", "etc"], "/nonexistent"),
    ] {
        let failed = failure(name, arguments);
        assert!(failed.contains(told), "{name} {arguments:?}: {failed}");
    }
    for (name, arguments) in [
        ("cat", vec![image.as_str()]),
        ("diff", vec![&image]),
        ("ls", vec!["not a reference"]),
    ] {
        assert_eq!(outcome(name, arguments).code, 2, "{name}");
    }
}
