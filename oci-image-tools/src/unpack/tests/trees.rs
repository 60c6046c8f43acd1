//! The same images without unpacking.

use std::sync::Arc;

use oci_client_core::ErrorKind;
use oci_client_core::runtime::{ThreadRuntime, block_on};

use super::{image, read_tree};
use crate::ImageLimits;
use crate::hostile::{archive, directory, file, header, link};
use crate::tree::{ChangeKind, Tree};

#[test]
fn a_file_is_read_through_links_and_layers() {
    let layers = [
        archive(&[file("d/a", b"old"), link("s", b'2', "/d")]),
        archive(&[file("d/b", b"b"), file("d/a", b"new")]),
    ];
    let (store, target) = image(&layers);
    let runtime: Arc<ThreadRuntime> = Arc::new(ThreadRuntime::new());
    let tree = block_on(Tree::read(&store, &target, None, runtime.clone(), ImageLimits::new())).unwrap();
    let read = |path: &str, limit| block_on(tree.read_file(&store, path.as_bytes(), limit, runtime.clone()));
    assert_eq!(read("/s/a", 3).unwrap(), b"new");
    assert_eq!(read("s/../d/b", 3).unwrap(), b"b");
    assert_eq!(read("s/a", 2).unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(read("s", 2).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(read("none", 2).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn trees_are_compared_by_content() {
    let one = read_tree(&[archive(&[
        file("a", b"1"),
        file("b", b"2"),
        file("c", b"3"),
        directory("d"),
    ])])
    .unwrap();
    let mode = header(b"c", b'5', 0, |_| ());
    let other = read_tree(&[archive(&[
        file("a", b"x"),
        file("b", b"2"),
        mode,
        header(b"d", b'5', 0, |_| ()),
        file("d/e", b""),
    ])])
    .unwrap();
    let changes: Vec<_> = one
        .diff(&other)
        .map(|change| (change.path().to_vec(), change.kind()))
        .collect();
    let expected = [
        ("a", ChangeKind::Content),
        ("c", ChangeKind::Content),
        ("d", ChangeKind::Metadata),
        ("d/e", ChangeKind::Added),
    ];
    assert_eq!(changes, expected.map(|(path, kind)| (path.as_bytes().to_vec(), kind)));
    assert_eq!(one.diff(&one).count(), 0);
    assert!(other.diff(&one).any(|change| change.kind() == ChangeKind::Removed));
}
