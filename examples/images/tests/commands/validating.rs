//! Whether images are what they say.

use std::fs;
use std::path::Path;

use crate::support::{Served, outcome, run};

fn largest(folder: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.max_by_key(|file| fs::metadata(file).unwrap().len()).unwrap()
}

#[test]
fn what_is_wrong_is_told_and_counts_as_failure() {
    let (served, folder) = (Served::start(), tempfile::tempdir().unwrap());
    let (from, layout) = (folder.path().join("from"), folder.path().join("layout"));
    fs::create_dir(&from).unwrap();
    fs::write(from.join("large"), vec![b'x'; 1 << 20]).unwrap();
    let (image, copy) = (served.at("app:1"), format!("oci:{}:1", layout.display()));
    run("build_image", ["--from", from.to_str().unwrap(), &image]);
    run(
        "rebase",
        [
            "--platform",
            "linux/amd64",
            "--old-base",
            &image,
            "--new-base",
            &image,
            &image,
            &copy,
        ],
    );
    for arguments in [
        vec![image.as_str()],
        vec!["--fast", &image],
        vec![&copy],
        vec!["--fast", &copy],
    ] {
        let right = outcome("validate_image", &arguments);
        assert_eq!((right.code, right.stdout.as_str()), (0, ""), "{arguments:?}");
        assert!(right.stderr.ends_with(": 1 manifests, 1 blobs\n"), "{}", right.stderr);
    }

    let layer = largest(&layout.join("blobs/sha256"));
    let mut content = fs::read(&layer).unwrap();
    *content.last_mut().unwrap() ^= 1;
    fs::write(&layer, &content).unwrap();
    let digest = layer.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(outcome("validate_image", ["--fast", &copy]).code, 0);
    let wrong = outcome("validate_image", [&copy]);
    assert_eq!(wrong.code, 1);
    let line = wrong.stdout.trim_end();
    assert!(
        line.starts_with("error: sha256:") && line.contains(": $.layers[0]: ") && line.contains(&digest),
        "{line}"
    );

    fs::remove_file(&layer).unwrap();
    let missing = outcome("validate_image", ["--fast", &copy]);
    assert_eq!((missing.code, missing.stdout.lines().count()), (1, 1));
    let none = outcome("validate_image", [&served.at("app:none")]);
    assert_eq!((none.code, none.stdout.as_str()), (2, ""));
    assert!(none.stderr.contains("app"), "{}", none.stderr);
}
