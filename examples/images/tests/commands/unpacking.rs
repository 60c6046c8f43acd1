use std::fs;

use super::support::{Served, failure, printed, run};

/// From a registry and from a layout; of an index, the image that is asked for.
#[test]
fn an_image_is_unpacked() {
    let (served, folder) = (Served::start(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(folder.path().join("one/etc/conf.d")).unwrap();
    fs::write(folder.path().join("one/etc/motd"), "hello").unwrap();
    fs::write(folder.path().join("one/etc/issue"), "removed").unwrap();
    fs::write(folder.path().join("one/etc/conf.d/old"), "hidden").unwrap();
    fs::create_dir_all(folder.path().join("two/etc/conf.d")).unwrap();
    fs::write(folder.path().join("two/etc/conf.d/new"), "kept").unwrap();
    let (first, image, index) = (served.at("os:1"), served.at("os:2"), served.at("os:index"));
    run("build_image", ["--from", &path("one"), &first]);
    let changes = ["--remove", "/etc/issue", "--hide", "etc/conf.d", "--keep"];
    let two = path("two");
    let named = ["--base", &first, "--from", &two, &image];
    let digest = run("build_image", changes.into_iter().chain(named));
    run("index", ["create", index.as_str(), &image]);

    let to = path("from-index");
    let told = printed("unpack", ["--platform", "linux/amd64", &index, &to]);
    assert!(told.trim_end().ends_with(&format!(" entries of {digest}")), "{told}");
    let etc = folder.path().join("from-index/etc");
    assert_eq!(fs::read(etc.join("motd")).unwrap(), b"hello");
    assert_eq!(fs::read(etc.join("conf.d/new")).unwrap(), b"kept");
    assert!(!etc.join("issue").exists() && !etc.join("conf.d/old").exists());

    assert!(failure("unpack", [image.as_str(), &to]).contains("holds something already"));
    assert!(failure("unpack", ["--platform", "linux/s390x", &index, &path("none")]).contains("platform"));
    assert!(failure("unpack", [format!("oci:{}", path("none")).as_str(), &path("none")]).contains("none"));
}
