//! Nothing leads out of the root.

use std::fs;
use std::os::unix::fs::MetadataExt;

use oci_client_core::ErrorKind;

use super::{Place, in_tree, names, on_disk, read_tree, refused, unpacked};
use crate::hostile::{archive, directory, file, header, link, pax};
use crate::unpack::UnpackOptions;

/// U01: a path that might lead out is refused; an absolute one begins at the root.
#[test]
fn u01_paths_stay_in_the_root() {
    for path in ["../secret", "a/../../secret", "..", "a/..", "/../secret"] {
        refused(&[archive(&[file(path, b"x")])], ErrorKind::Invalid);
        refused(
            &[archive(&[pax(&[("path", path.as_bytes())]), file("a", b"x")])],
            ErrorKind::Invalid,
        );
    }
    refused(
        &[archive(&[pax(&[("path", b"a\0b")]), file("a", b"x")])],
        ErrorKind::Invalid,
    );
    let (_, found) = unpacked(&[archive(&[file("/etc/passwd", b"x"), file("./b", b"")])]);
    assert_eq!(names(&found), ["b", "etc", "etc/passwd"]);
}

/// U02: symlinks mean what they mean in a container, however they are chained.
#[test]
fn u02_symlinks_lead_nowhere_but_into_the_root() {
    for target in [
        "/others",
        "../others",
        "../../../../others",
        "/../others",
        "a/../../others",
    ] {
        let layer = [
            directory("a/"),
            link("s", b'2', target),
            link("t", b'2', "s"),
            file("t/evil", b"x"),
        ];
        let place = Place::new();
        place.unpack(&[archive(&layer)], &UnpackOptions::new()).unwrap();
        assert!(place.root().join("others/evil").is_file(), "{target}");
        assert_eq!(in_tree(&read_tree(&[archive(&layer)]).unwrap()), on_disk(&place.root()));
    }
    // Swapped between two entries.
    let layer = [
        directory("d/"),
        file("d/a", b"x"),
        link("d", b'2', "/others"),
        file("d/evil", b"x"),
    ];
    let (_, found) = unpacked(&[archive(&layer)]);
    assert_eq!(names(&found), ["d", "others", "others/evil"]);
    // Round and round.
    let (layer, place) = (
        archive(&[link("a", b'2', "b"), link("b", b'2', "a"), file("a/x", b"")]),
        Place::new(),
    );
    assert!(
        place
            .unpack(std::slice::from_ref(&layer), &UnpackOptions::new())
            .is_err()
    );
    assert!(read_tree(&[layer]).is_err());
}

/// U02: the walk for systems without `openat2` finds the same.
#[test]
fn u02_the_step_by_step_walk_stays_in_the_root() {
    let outer = Place::new();
    let layer = archive(&[
        directory("a/b/"),
        link("up", b'2', "../../../others"),
        link("abs", b'2', "/a/b/../b"),
        directory("others/"),
    ]);
    outer.unpack(&[layer], &UnpackOptions::new()).unwrap();
    let root: std::os::fd::OwnedFd = fs::File::open(outer.root()).unwrap().into();
    let inode = |fd: &std::os::fd::OwnedFd| rustix::fs::fstat(fd).unwrap().st_ino;
    for (path, expected) in [("up", "others"), ("abs", "a/b"), ("a/b", "a/b"), ("", "")] {
        let parts: Vec<_> = path.split('/').map(str::as_bytes).collect();
        let found = crate::unpack::resolve::walk(&root, &parts, None).unwrap();
        assert_eq!(
            inode(&found),
            fs::metadata(outer.root().join(expected)).unwrap().ino(),
            "{path}"
        );
        assert_eq!(
            inode(&crate::unpack::resolve::open(&root, &parts, None).unwrap()),
            inode(&found),
            "{path}"
        );
    }
    assert!(crate::unpack::resolve::walk(&root, &[b"nowhere"], None).is_err());
}

/// U03: hard links to what is outside, missing, a directory, and through links.
#[test]
fn u03_hard_links_stay_in_the_root() {
    for target in ["../secret", "/../secret", "secret", "/etc/passwd", "d", "", "."] {
        refused(
            &[archive(&[directory("d/"), link("h", b'1', target)])],
            ErrorKind::Invalid,
        );
    }
    // The link of a symlink is that symlink; what is written under its name replaces it.
    let layer = [
        link("s", b'2', "../secret"),
        link("h", b'1', "s"),
        file("h", b"evil"),
        file("f", b"1"),
        link("g", b'1', "/f"),
    ];
    let (place, found) = unpacked(&[archive(&layer)]);
    assert_eq!(found["h"], "4 bytes");
    assert_eq!(found["s"], "-> ../secret");
    assert_eq!(fs::metadata(place.root().join("g")).unwrap().nlink(), 2);
    refused(
        &[archive(&[file("d/f", b"x"), link("d", b'1', "d/f")])],
        ErrorKind::Invalid,
    );
}

/// U04: the root may be described and is nothing else.
#[test]
fn u04_the_root_is_never_replaced() {
    for name in [".", "./", "/", "././"] {
        refused(&[archive(&[link(name, b'2', "/others")])], ErrorKind::Invalid);
        refused(&[archive(&[link(name, b'1', "a")])], ErrorKind::Invalid);
        let root = header(name.as_bytes(), b'5', 0, |block| {
            block[100..107].copy_from_slice(b"0000750")
        });
        let (place, _) = unpacked(&[archive(&[root, file("a", b"")])]);
        let metadata = fs::metadata(place.root()).unwrap();
        assert_eq!((metadata.mode() & 0o7777, metadata.mtime()), (0o750, 5));
    }
    refused(&[archive(&[file(".", b"x")])], ErrorKind::Invalid);
}

/// U05: what another layer, or the same, has under the name gives way.
#[test]
fn u05_other_types_are_replaced() {
    let kinds = || [directory("x"), file("x", b"1"), link("x", b'2', "others")];
    for (one, first) in kinds().into_iter().enumerate() {
        for (two, second) in kinds().into_iter().enumerate() {
            let (_, apart) = unpacked(&[
                archive(std::slice::from_ref(&first)),
                archive(std::slice::from_ref(&second)),
            ]);
            let (_, together) = unpacked(&[archive(&[first.clone(), second])]);
            let expected = ["directory", "1 bytes", "-> others"][two];
            assert_eq!(
                (&apart["x"], &together["x"]),
                (&expected.to_owned(), &expected.to_owned()),
                "{one} {two}"
            );
        }
    }
    let (_, found) = unpacked(&[archive(&[file("d/below/a", b"")]), archive(&[file("d", b"x")])]);
    assert_eq!(names(&found), ["d"]);
    refused(
        &[archive(&[file("f", b"")]), archive(&[file("f/a", b"")])],
        ErrorKind::Invalid,
    );
}
