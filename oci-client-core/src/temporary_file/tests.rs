use std::io::Write as _;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn written(folder: &Path, content: &[u8]) -> TemporaryFile {
    let mut file = TemporaryFile::public(folder, ".new-").unwrap();
    file.file_mut().write_all(content).unwrap();
    file
}

#[test]
fn it_is_gone_when_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (written(folder.path(), b"1"), written(folder.path(), b"2"));
    let found = names(folder.path());
    assert_eq!(found.len(), 2, "each has a name of its own: {found:?}");
    assert!(found.iter().all(|name| name.starts_with(".new-")), "{found:?}");
    drop((first, second));
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn it_takes_the_place_of_a_file_or_leaves_it_there() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("name");
    for (content, replaces, expected) in [("old", false, "old"), ("new", false, "old"), ("newer", true, "newer")] {
        let free = !name.exists();
        let file = written(folder.path(), content.as_bytes());
        if replaces {
            file.persist(&name).unwrap();
        } else {
            assert_eq!(file.persist_if_absent(&name).unwrap(), free);
        }
        assert_eq!(fs::read_to_string(&name).unwrap(), expected);
        assert_eq!(names(folder.path()), ["name"], "no other name stays");
    }
}

#[test]
fn one_that_cannot_get_its_name_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("gone").join("name");
    written(folder.path(), b"").persist(&nowhere).unwrap_err();
    written(folder.path(), b"").persist_if_absent(&nowhere).unwrap_err();
    assert_eq!(names(folder.path()), [""; 0]);
    assert!(TemporaryFile::public(&folder.path().join("gone"), "").is_err());
}

#[cfg(unix)]
#[test]
fn others_may_read_what_is_public_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let mode = |file: &TemporaryFile| file.file().metadata().unwrap().permissions().mode() & 0o777;
    let any = File::create(folder.path().join("any")).unwrap();
    let usual = any.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&TemporaryFile::public(folder.path(), "").unwrap()), usual);
    #[cfg(feature = "credentials")]
    assert_eq!(mode(&TemporaryFile::private(folder.path(), "").unwrap()), 0o600);
}
