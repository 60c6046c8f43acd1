//! Where images and layers differ.

use super::{image, layer_tree, tree};
use crate::hostile::{archive, directory, file, header, link, pax};
use crate::tree::{ChangeKind, FileKind, Tree};

fn changes(one: &Tree, other: &Tree) -> Vec<(ChangeKind, String)> {
    let text = |path: &[u8]| String::from_utf8(path.to_vec()).unwrap();
    one.diff(other)
        .map(|change| (change.kind(), text(change.path())))
        .collect()
}

fn opposite(kind: ChangeKind) -> ChangeKind {
    match kind {
        ChangeKind::Added => ChangeKind::Removed,
        ChangeKind::Removed => ChangeKind::Added,
        other => other,
    }
}

/// The entries of a layer, and what it changes.
type Case<'a> = (&'a [Vec<u8>], &'a [(ChangeKind, &'a str)]);

/// What a layer on top of another one changes; and backwards.
#[test]
fn images_differ_by_what_a_layer_does() {
    use ChangeKind::{Added, Content, Metadata, Removed};
    let base = || {
        let files = [
            directory("d/"),
            file("d/a", b"1"),
            file("d/b", b"1"),
            link("s", b'2', "d/a"),
            file("d-", b""),
        ];
        archive(&files)
    };
    let executable = header(b"d/a", b'0', 0, |block| block[100..107].copy_from_slice(b"0000755"));
    let cases: [Case<'_>; 15] = [
        (&[], &[]),
        (&[file("d/a", b"1")], &[]),
        (&[file("d/a", b"2")], &[(Content, "d/a")]),
        (&[file("n/e/w", b"")], &[(Added, "n"), (Added, "n/e"), (Added, "n/e/w")]),
        (&[pax(&[("mtime", b"6")]), file("d/a", b"1")], &[(Metadata, "d/a")]),
        (
            &[pax(&[("SCHILY.xattr.user.a", b"b")]), file("d/a", b"1")],
            &[(Metadata, "d/a")],
        ),
        (&[executable], &[(Content, "d/a")]),
        (&[link("s", b'2', "d/b")], &[(Content, "s")]),
        (&[directory("s/")], &[(Content, "s")]),
        (&[file("d/.wh.a", b"")], &[(Removed, "d/a")]),
        (
            &[file(".wh.d", b"")],
            &[(Removed, "d"), (Removed, "d/a"), (Removed, "d/b")],
        ),
        (&[file("d/.wh..wh..opq", b"")], &[(Removed, "d/a"), (Removed, "d/b")]),
        (
            &[file("d/.wh..wh..opq", b""), file("d/b", b"2")],
            &[(Removed, "d/a"), (Content, "d/b")],
        ),
        (&[file("d/.wh..wh..opq", b""), file("d/b", b"1")], &[(Removed, "d/a")]),
        (&[file("d", b"")], &[(Content, "d"), (Removed, "d/a"), (Removed, "d/b")]),
    ];
    for (layer, expected) in cases {
        let (one, other) = (tree(&[base()]).unwrap(), tree(&[base(), archive(layer)]).unwrap());
        let expected: Vec<_> = expected
            .iter()
            .map(|(kind, path)| (*kind, (*path).to_owned()))
            .collect();
        assert_eq!(changes(&one, &other), expected);
        let backwards: Vec<_> = expected
            .into_iter()
            .map(|(kind, path)| (opposite(kind), path))
            .collect();
        assert_eq!(changes(&other, &one), backwards);
    }
}

#[test]
fn a_layer_by_itself_shows_what_it_hides() {
    let image = image(&[
        archive(&[directory("d/"), file("d/a", b"1"), file("d/b", b"1")]),
        archive(&[
            file("d/.wh.a", b""),
            file("d/c", b"1"),
            link("x", b'1', "d/b"),
            link("y", b'1', "d/c"),
        ]),
        archive(&[
            directory("d/"),
            file("d/.wh..wh..opq", b""),
            file("d/c", b"2"),
            file(".wh..wh.plnk", b""),
        ]),
    ]);
    let kinds = |number| -> Vec<(String, FileKind)> {
        let layer = layer_tree(&image, number);
        let kinds = layer
            .files()
            .map(|file| (String::from_utf8(file.path().to_vec()).unwrap(), file.kind()));
        kinds.collect()
    };
    let expect = |list: &[(&str, FileKind)]| -> Vec<(String, FileKind)> {
        list.iter().map(|(path, kind)| ((*path).to_owned(), *kind)).collect()
    };
    let second = [
        ("d", FileKind::Directory),
        ("d/.wh.a", FileKind::Whiteout),
        ("d/c", FileKind::File),
        ("x", FileKind::Hardlink),
        ("y", FileKind::File),
    ];
    assert_eq!(kinds(1), expect(&second));
    let third = [
        ("d", FileKind::Directory),
        ("d/.wh..wh..opq", FileKind::Whiteout),
        ("d/c", FileKind::File),
    ];
    assert_eq!(kinds(2), expect(&third));

    use ChangeKind::{Added, Content, Metadata, Removed};
    let found = changes(&layer_tree(&image, 1), &layer_tree(&image, 2));
    let expected = [
        (Metadata, "d"),
        (Added, "d/.wh..wh..opq"),
        (Removed, "d/.wh.a"),
        (Content, "d/c"),
        (Removed, "x"),
        (Removed, "y"),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(kind, path)| (kind, path.to_owned()))
        .collect();
    assert_eq!(found, expected);
    let link = layer_tree(&image, 1);
    assert_eq!(link.find(b"x").unwrap().link_target(), b"d/b");
}
