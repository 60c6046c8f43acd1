//! What whiteouts hide.

use oci_client_core::ErrorKind;

use super::{names, refused, unpacked};
use crate::hostile::{archive, directory, file, link};

/// U06: what is no whiteout.
#[test]
fn u06_bad_whiteouts_are_refused() {
    for name in [".wh.", ".wh..", ".wh...", "d/.wh.", "d/.wh..", ".wh.d/a"] {
        refused(
            &[archive(&[file("d/a", b"")]), archive(&[file(name, b"")])],
            ErrorKind::Invalid,
        );
    }
    refused(&[archive(&[directory(".wh.d")])], ErrorKind::Invalid);
    let (place, found) = unpacked(&[archive(&[
        file(".wh..wh.aufs", b""),
        file(".wh.missing", b""),
        file("no/.wh.x", b""),
    ])]);
    assert!(found.is_empty(), "{found:?}");
    drop(place);
}

/// U06: whiteouts hide what is below the layer and nothing in it, wherever they are in it.
#[test]
fn u06_whiteouts_hide_what_is_below_only() {
    let base = archive(&[
        file("d/old", b""),
        file("d/sub/old", b""),
        file("keep", b""),
        link("s", b'2', "d"),
    ]);
    let new = file("d/new", b"");
    for (whiteout, expected) in [
        (".wh.d", vec!["d", "d/new", "keep", "s"]),
        ("d/.wh..wh..opq", vec!["d", "d/new", "keep", "s"]),
        ("s/.wh..wh..opq", vec!["d", "d/new", "keep", "s"]),
        ("d/.wh.sub", vec!["d", "d/new", "d/old", "keep", "s"]),
        (
            "d/.wh.new",
            vec!["d", "d/new", "d/old", "d/sub", "d/sub/old", "keep", "s"],
        ),
        (".wh..wh..opq", vec!["d", "d/new"]),
        (".wh.s", vec!["d", "d/new", "d/old", "d/sub", "d/sub/old", "keep"]),
    ] {
        for layer in [[new.clone(), file(whiteout, b"")], [file(whiteout, b""), new.clone()]] {
            let (_, found) = unpacked(&[base.clone(), archive(&layer)]);
            assert_eq!(names(&found), expected, "{whiteout}");
        }
    }
    // A new name of an old file does not keep the old name.
    let layer = [link("again", b'1', "keep"), file(".wh.keep", b"")];
    let (_, found) = unpacked(&[base, archive(&layer)]);
    assert!(found.contains_key("again") && !found.contains_key("keep"));
}
