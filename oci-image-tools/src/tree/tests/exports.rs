//! All files as one archive.

use oci_client_core::ErrorKind;
use oci_client_core::runtime::block_on;
use oci_client_core::store::MemoryStore;

use super::{described, exported, names, read, runtime, store, tree, v1};
use crate::ImageLimits;
use crate::hostile::{archive, directory, file, header, leading_out, link, parsing, pax};
use crate::tar_stream::TarReader;
use crate::tree::{FileKind, FileView, Tree};

/// What an archive has to keep to be the same.
fn rich() -> Vec<Vec<u8>> {
    let long = "n".repeat(200) + "/" + &"m".repeat(150);
    let sparse: [(&str, &[u8]); 4] = [
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"dir/sparse"),
        ("GNU.sparse.realsize", b"1048576"),
    ];
    let mut holes = b"2\n512\n4\n600\n1\n".to_vec();
    holes.resize(512, 0);
    holes.extend_from_slice(b"datax");
    let device = |name: &str, kind| {
        header(name.as_bytes(), kind, 0, |block| {
            block[329..336].copy_from_slice(b"0000010");
            block[337..344].copy_from_slice(b"0000003");
        })
    };
    let first = [
        pax(&[("mtime", b"12.5"), ("SCHILY.xattr.user.a", b"b\0c")]),
        header(b"./", b'5', 0, |block| block[100..107].copy_from_slice(b"0001711")),
        directory("dir/"),
        pax(&sparse),
        file("GNUSparseFile.0/sparse", &holes),
        pax(&[
            ("path", long.as_bytes()),
            ("uid", b"4294967296"),
            ("gid", b"2097152"),
            ("mtime", b"-1.25"),
        ]),
        file("short", b"long name"),
        pax(&[("linkpath", "t".repeat(180).as_bytes()), ("mtime", b"-3")]),
        link("link", b'2', "t"),
        link("link-too", b'1', "link"),
        device("char", b'3'),
        device("block", b'4'),
        header(b"pipe", b'6', 0, |_| ()),
        file("gone", b"gone"),
        file("implied/file", b"x"),
        pax(&[("mtime", b"99999999999.000000001")]),
        file("h\u{fc}\u{7}", b"name"),
    ];
    let second = [
        file(".wh.gone", b""),
        link("dir/other", b'1', "implied/file"),
        link("block-too", b'1', "block"),
    ];
    vec![archive(&first), archive(&second)]
}

#[test]
fn an_archive_makes_the_same_tree() {
    let layers = rich();
    let (archive, same) = (exported(&layers).unwrap(), exported(&layers).unwrap());
    assert_eq!(archive, same);
    let (original, again) = (tree(&layers).unwrap(), tree(std::slice::from_ref(&archive)).unwrap());
    assert_eq!(described(&original), described(&again));
    assert_eq!(original.diff(&again).count(), 0);
    // And its own archive is the same once more, but for the order of what a layer decides.
    assert_eq!(
        described(&tree(&[exported(&[archive]).unwrap()]).unwrap()),
        described(&original)
    );
}

#[test]
fn names_come_in_one_order() {
    let layers = [
        archive(&[
            file("z", b"1"),
            directory("b/"),
            file("b/y", b"2"),
            link("c", b'2', "z"),
            file("a/x", b"3"),
        ]),
        archive(&[link("b/w", b'1', "z"), file("b/.wh.y", b""), file("b/v", b"4")]),
    ];
    // `a` has no entry and gets none.
    assert_eq!(
        names(&exported(&layers).unwrap()),
        ["b/", "c", "z", "b/w", "a/x", "b/v"]
    );
    assert!(names(&exported(&[archive(&[])]).unwrap()).is_empty());
}

/// A layer of which nothing is left is not fetched again.
#[test]
fn only_layers_with_content_are_read_twice() {
    let layers = [archive(&[file("a", b"1")]), archive(&[file("a", b"2")])];
    let store = store(&layers);
    let tree = read(&*store, &v1()).unwrap();
    let rest = MemoryStore::new();
    let upper = store.content(&tree.layers[1].0.digest).unwrap();
    rest.add_content(&tree.layers[1].0, upper);
    let archive = block_on(tree.export(&rest, Vec::new(), runtime())).unwrap();
    assert_eq!(names(&archive), ["a"]);
}

/// U21: whatever the names in an archive are, those that are written stay in the root, and lead through no link; and they make the same tree.
#[test]
fn u21_no_name_that_is_written_leads_out() {
    let through = |names: &[&str]| {
        let links = [
            link("s", b'2', "/etc"),
            link("t", b'2', "../../up"),
            link("u", b'2', "s/./../var"),
        ];
        let files = names.iter().map(|name| file(name, b"x"));
        archive(&links.into_iter().chain(files).collect::<Vec<_>>())
    };
    let known = parsing().into_iter().chain(leading_out());
    let mut hostile: Vec<Vec<u8>> = known.map(|(_, archive)| archive).collect();
    for names in [
        ["/etc/passwd", "./a//b"],
        ["s/passwd", "t/x"],
        ["u/lib", "s/../a"],
        ["../a", "a"],
        ["a/../../b", "b"],
    ] {
        hostile.push(through(&names));
    }
    hostile.push(archive(&[
        file("etc/x", b""),
        link("s", b'2', "etc"),
        link("h", b'1', "s/x"),
        link("s/h", b'1', "/etc/x"),
    ]));
    let mut written = 0;
    for layer in hostile {
        let Ok(flat) = exported(std::slice::from_ref(&layer)) else {
            continue;
        };
        written += 1;
        let tree = tree(&[layer]).unwrap();
        assert_eq!(
            described(&self::tree(std::slice::from_ref(&flat)).unwrap()),
            described(&tree)
        );
        let links: Vec<_> = tree.files().filter(|file| file.kind() == FileKind::Symlink).collect();
        let mut reader = TarReader::new(flat.as_slice());
        while let Some(entry) = reader.next().unwrap() {
            let below = |link: &FileView<'_>| entry.path.starts_with(&[link.path(), b"/"].concat());
            assert!(!links.iter().any(below), "{:?}", entry.path);
            let parts: Vec<_> = entry.path.split(|byte| *byte == b'/').collect();
            assert!(
                !entry.path.starts_with(b"/") && !parts.contains(&&b".."[..]),
                "{:?}",
                entry.path
            );
        }
    }
    assert!(written > 20, "{written}");
}

/// U17, U21: what is short in the archive may be long once links are followed.
#[test]
fn u17_u21_long_paths_do_not_fill_the_archive() {
    let part = "d".repeat(200);
    let mut parts = vec![directory("0/")];
    for number in 0..30 {
        let place = format!("s{number}/{part}/");
        let target = match number {
            0 => "0".to_owned(),
            _ => format!("s{}/{part}", number - 1),
        };
        parts.push(pax(&[("linkpath", target.as_bytes())]));
        parts.push(link(&format!("s{number}"), b'2', "x"));
        parts.push(pax(&[("path", place.as_bytes())]));
        parts.push(directory("d/"));
    }
    let error = exported(&[archive(&parts)]).map(|archive| archive.len()).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().contains("4096 bytes")),
        (ErrorKind::TooLarge, true)
    );

    let folder = "f".repeat(100);
    let mut parts = vec![
        directory(&format!("{}/", &folder[..99])),
        link("s", b'2', &folder[..99]),
    ];
    parts.extend((0..100).map(|number| file(&format!("s/{number}"), b"")));
    let store = store(&[archive(&parts)]);
    let limits = ImageLimits::new().with_name_bytes(2_000);
    let tree = block_on(Tree::read(&*store, &v1(), None, runtime(), limits)).unwrap();
    let error = block_on(tree.export(&*store, Vec::new(), runtime()))
        .map(|archive| archive.len())
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().contains("limit for names")),
        (ErrorKind::TooLarge, true)
    );
}

#[test]
fn what_no_archive_can_hold_is_refused() {
    let negative = header(b"a", b'0', 0, |block| block[108..116].fill(0xff));
    let device = header(b"a", b'3', 0, |block| {
        block[329..337].copy_from_slice(&[0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
    });
    for entry in [negative, device] {
        let error = exported(&[archive(&[entry])]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

#[test]
fn a_layer_that_changes_meanwhile_is_noticed() {
    let store = store(&[archive(&[file("a", b"1")])]);
    let tree = read(&*store, &v1()).unwrap();
    let changed = archive(&[file("a", b"2")]);
    store.add_content(&tree.layers[0].0, std::sync::Arc::new(bytes::Bytes::from(changed)));
    let error = block_on(tree.export(&*store, Vec::new(), runtime())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
}
