//! What lies on disk, with all that Linux has.
#![cfg(target_os = "linux")]

use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use oci_client_core::ErrorKind;
use rustix::fs::{CWD, FileType, Mode, XattrFlags, mknodat, setxattr};
use tempfile::TempDir;

use super::{check, paths, plain, seen, tar_of};
use crate::layer::{LayerBuilder, LayerOptions, Owners, Times};

fn write(path: &Path, content: &str, mode: u32) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn touch(path: &Path, seconds: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    let times = FileTimes::new().set_modified(time).set_accessed(time);
    File::open(path).unwrap().set_times(times).unwrap();
}

fn tree() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("bin/sub")).unwrap();
    write(&root.join("bin/tool"), "tool", 0o4711);
    write(&root.join("b-first"), "first", 0o640);
    fs::hard_link(root.join("bin/tool"), root.join("bin/again")).unwrap();
    symlink("/etc", root.join("etc")).unwrap();
    symlink("nowhere", root.join("bin/dangling")).unwrap();
    for path in ["bin", "bin/sub"] {
        fs::set_permissions(root.join(path), Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn built(folder: &TempDir, options: LayerOptions) -> LayerBuilder {
    LayerBuilder::new(options).with_directory(folder.path(), "/").unwrap()
}

#[test]
fn u02_u03_links_are_taken_as_links() {
    let folder = tree();
    let found = seen(&tar_of(&built(&folder, plain())));
    let found: Vec<_> = found
        .iter()
        .map(|entry| {
            let Seen {
                path,
                kind,
                link,
                mode,
                content,
            } = Seen::of(entry);
            (path, kind, link, mode, content)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("b-first", '0', "", 0o640, "first"),
            ("bin/", '5', "", 0o755, ""),
            ("bin/again", '0', "", 0o4711, "tool"),
            ("bin/dangling", '2', "nowhere", 0o777, ""),
            ("bin/sub/", '5', "", 0o755, ""),
            ("bin/tool", '1', "bin/again", 0o4711, ""),
            ("etc", '2', "/etc", 0o777, ""),
        ]
    );
}

struct Seen<'a> {
    content: &'a str,
    kind: char,
    link: &'a str,
    mode: u32,
    path: &'a str,
}

impl<'a> Seen<'a> {
    fn of(entry: &'a super::Seen) -> Self {
        Self {
            content: &entry.content,
            kind: entry.kind,
            link: &entry.link,
            mode: entry.mode,
            path: &entry.path,
        }
    }
}

#[test]
fn two_copies_of_a_tree_give_the_same_bytes() {
    let (one, other) = (tree(), tree());
    touch(&other.path().join("b-first"), 1_234_567);
    assert_eq!(tar_of(&built(&one, plain())), tar_of(&built(&other, plain())));
    let kept = plain().with_times(Times::Kept);
    assert_ne!(tar_of(&built(&one, kept.clone())), tar_of(&built(&other, kept)));
}

#[test]
fn times_are_fixed_clamped_or_kept() {
    let folder = tempfile::tempdir().unwrap();
    for (name, seconds) in [("old", 1_000), ("new", 2_000_000_000)] {
        write(&folder.path().join(name), "", 0o644);
        touch(&folder.path().join(name), seconds);
    }
    for (times, new, old) in [
        (Times::Fixed(5), 5, 5),
        (Times::Clamped(1_700_000_000), 1_700_000_000, 1_000),
        (Times::Kept, 2_000_000_000, 1_000),
    ] {
        let found = seen(&tar_of(&built(&folder, plain().with_times(times))));
        let found: Vec<_> = found.iter().map(|entry| entry.mtime).collect();
        assert_eq!(found, [new, old], "{times:?}");
    }
}

#[test]
fn u08_modes_are_kept_or_normalized() {
    let folder = tree();
    let found = seen(&tar_of(&built(&folder, plain().with_normalized_modes())));
    let modes: Vec<_> = found.iter().map(|entry| entry.mode).collect();
    assert_eq!(modes, [0o644, 0o755, 0o755, 0o777, 0o755, 0o755, 0o777]);
}

#[test]
fn u10_owners_are_fixed_or_kept() {
    let folder = tree();
    let found = fs::metadata(folder.path().join("b-first")).unwrap();
    let own = {
        use std::os::unix::fs::MetadataExt;
        (found.uid().into(), found.gid().into())
    };
    for (owners, expected) in [(Owners::Fixed { gid: 3, uid: 2 }, (2, 3)), (Owners::Kept, own)] {
        let found = seen(&tar_of(&built(&folder, plain().with_owners(owners))));
        assert!(found.iter().all(|entry| entry.owner == expected), "{found:?}");
    }
}

#[test]
fn u07_sockets_are_told_of_and_pipes_refused_unless_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let written = built(&folder, plain()).write(Vec::new()).unwrap();
    let skipped: Vec<_> = written
        .skipped
        .iter()
        .map(|skipped| skipped.path().to_owned())
        .collect();
    assert_eq!(skipped, [socket]);

    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    check(
        built(&folder, plain()).write(Vec::new()),
        ErrorKind::Invalid,
        "with_devices",
    );
    let found = seen(&tar_of(&built(&folder, plain().with_devices())));
    assert_eq!((found.len(), found[0].kind, found[0].mode), (1, '6', 0o600));
}

#[test]
fn u09_extended_attributes_are_kept_if_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let set = |name: &str, value: &[u8]| setxattr(&file, name, value, XattrFlags::empty());
    if set("user.kept", b"a\0=b").is_err() {
        eprintln!("skipped: the file system of temporary files has no extended attributes");
        return;
    }
    set("user.overlay.opaque", b"y").unwrap();
    let without = tar_of(&built(&folder, plain()));
    assert_eq!(without.len(), 512 + 1024);
    let with = tar_of(&built(&folder, plain().with_xattrs()));
    let mut archive = tar::Archive::new(with.as_slice());
    let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
    let records = entry.pax_extensions().unwrap().unwrap();
    let records: Vec<_> = records
        .map(|record| {
            record
                .map(|record| (record.key().unwrap().to_owned(), record.value_bytes().to_vec()))
                .unwrap()
        })
        .collect();
    assert_eq!(records, [("SCHILY.xattr.user.kept".to_owned(), b"a\0=b".to_vec())]);
}

#[test]
fn u06_names_that_mark_removed_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".wh.a"), "").unwrap();
    check(
        built(&folder, plain()).write(Vec::new()),
        ErrorKind::Invalid,
        "with_removed",
    );
}

#[test]
fn files_and_folders_go_where_they_are_wanted() {
    let folder = tree();
    let layer = LayerBuilder::new(plain())
        .with_directory(folder.path().join("bin"), "usr/bin")
        .and_then(|layer| layer.with_file(folder.path().join("b-first"), "one"))
        .and_then(|layer| layer.with_file(folder.path().join("etc"), "link"))
        .unwrap();
    let expected = [
        "link",
        "one",
        "usr/bin/",
        "usr/bin/again",
        "usr/bin/dangling",
        "usr/bin/sub/",
        "usr/bin/tool",
    ];
    assert_eq!(paths(&tar_of(&layer)), expected);

    let new = || LayerBuilder::new(plain());
    let missing = new().with_file(folder.path().join("none"), "a").unwrap();
    check(missing.write(Vec::new()), ErrorKind::Store, "none cannot be read");
    let directory = new().with_file(folder.path().join("bin"), "a").unwrap();
    check(directory.write(Vec::new()), ErrorKind::Invalid, "is a directory");
    let file = new().with_directory(folder.path().join("b-first"), "a").unwrap();
    check(file.write(Vec::new()), ErrorKind::Invalid, "is no directory");
}
