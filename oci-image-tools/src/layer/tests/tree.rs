//! What was put together entry by entry.

use oci_client_core::ErrorKind;
use oci_spec_types::Digest;

use super::{check, paths, plain, seen, tar_of};
use crate::ImageLimits;
use crate::layer::{LayerBuilder, LayerOptions, Owners, Times};

fn example(options: LayerOptions) -> LayerBuilder {
    let long = format!("opt/{}/end", "x".repeat(120));
    LayerBuilder::new(options)
        .with_bytes("/usr/bin/app", 0o755, "#!/bin/sh\n")
        .and_then(|layer| layer.with_bytes(&long, 0o600, "long"))
        .and_then(|layer| layer.with_bytes("opt/grüße", 0o644, "hello"))
        .and_then(|layer| layer.with_empty_directory("var//lib/./app/", 0o750))
        .and_then(|layer| layer.with_symlink("usr/bin/alias", "app"))
        .and_then(|layer| layer.with_symlink("usr/bin/far", &"../".repeat(50)))
        .and_then(|layer| layer.with_removed("etc/issue"))
        .and_then(|layer| layer.with_removed("gone"))
        .and_then(|layer| layer.with_hidden("srv"))
        .unwrap()
}

#[test]
fn the_same_tree_has_the_same_diff_id_everywhere() {
    let mut tar = Vec::new();
    let written = example(plain()).write(&mut tar).unwrap();
    assert_eq!(written.diff_id, Digest::sha256(&tar));
    assert_eq!(written.descriptor.digest, written.diff_id);
    assert_eq!(
        written.diff_id.to_string(),
        "sha256:81bd6782955b66ff64499a37396eb759305a5d578154a5feefd5c69a1c49ca45",
    );
}

#[test]
fn u11_entries_come_in_the_order_of_their_bytes_and_are_read_back() {
    let found = seen(&tar_of(&example(plain())));
    let long = format!("opt/{}/end", "x".repeat(120));
    let expected = [
        (".wh.gone", '0', "", 0o644),
        ("etc/.wh.issue", '0', "", 0o644),
        ("opt/grüße", '0', "", 0o644),
        (&long, '0', "", 0o600),
        ("srv/.wh..wh..opq", '0', "", 0o644),
        ("usr/bin/alias", '2', "app", 0o777),
        ("usr/bin/app", '0', "", 0o755),
        ("usr/bin/far", '2', &"../".repeat(50), 0o777),
        ("var/lib/app/", '5', "", 0o750),
    ];
    let found: Vec<_> = found
        .iter()
        .map(|entry| (entry.path.as_str(), entry.kind, entry.link.as_str(), entry.mode))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_is_added_later_replaces_what_is_there() {
    let layer = LayerBuilder::new(plain())
        .with_bytes("a", 0o644, "first")
        .and_then(|layer| layer.with_bytes("./a", 0o600, "second"))
        .unwrap();
    let found = seen(&tar_of(&layer));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].content.as_str(), found[0].mode), ("second", 0o600));
}

#[test]
fn u10_owners_and_times_that_do_not_fit_are_in_the_extended_header() {
    for (uid, mtime) in [
        (0, 0),
        (0o7_777_777, u32::MAX),
        (0o10_000_000, 1),
        (u32::MAX, 1_700_000_000),
    ] {
        let options = plain()
            .with_owners(Owners::Fixed { gid: 7, uid })
            .with_times(Times::Fixed(mtime));
        let layer = LayerBuilder::new(options).with_bytes("a", 0o644, "").unwrap();
        let found = seen(&tar_of(&layer));
        assert_eq!((found[0].owner, found[0].mtime), ((uid.into(), 7), mtime.into()));
    }
}

#[test]
fn u01_paths_that_lead_out_or_mean_something_else_are_refused() {
    let new = || LayerBuilder::new(plain());
    for (path, reason) in [
        ("../a", "leads out"),
        ("a/../b", "leads out"),
        ("a/..", "leads out"),
        ("a\0b", "zero byte"),
        (".wh.a", "with_removed"),
        ("a/.wh..wh..opq", "with_removed"),
        ("a/.wh.b/c", "with_removed"),
        ("", "root"),
        ("/./", "root"),
    ] {
        check(new().with_bytes(path, 0o644, ""), ErrorKind::Invalid, reason);
        check(new().with_empty_directory(path, 0o755), ErrorKind::Invalid, reason);
        check(new().with_symlink(path, "x"), ErrorKind::Invalid, reason);
        check(new().with_removed(path), ErrorKind::Invalid, reason);
    }
    assert_eq!(paths(&tar_of(&new().with_hidden("/").unwrap())), [".wh..wh..opq"]);
    assert_eq!(tar_of(&new()).len(), 1024);
}

#[test]
fn u05_nothing_is_below_what_is_no_directory() {
    for layer in [
        LayerBuilder::new(plain()).with_bytes("a", 0o644, ""),
        LayerBuilder::new(plain()).with_symlink("a", "b"),
    ] {
        let layer = layer.and_then(|layer| layer.with_bytes("a/b/c", 0o644, "")).unwrap();
        check(layer.write(Vec::new()), ErrorKind::Invalid, "\"a\" is there too");
    }
}

#[test]
fn u14_u17_what_is_over_a_limit_is_an_error() {
    let limits = ImageLimits::new().with_bytes(4096).with_depth(3).with_entries(2);
    let new = || LayerBuilder::new(plain().with_limits(limits));
    assert!(
        new()
            .with_bytes("a/b/c", 0o644, vec![0; 2048])
            .unwrap()
            .write(Vec::new())
            .is_ok()
    );
    check(new().with_bytes("a/b/c/d", 0o644, ""), ErrorKind::TooLarge, "4 levels");
    let long = "a".repeat(4097);
    check(new().with_bytes(&long, 0o644, ""), ErrorKind::TooLarge, "4097 bytes");
    let link = new().with_symlink("a", &long).unwrap();
    check(link.write(Vec::new()), ErrorKind::TooLarge, "4097 bytes");
    let large = new().with_bytes("a", 0o644, vec![0; 2561]).unwrap();
    check(large.write(Vec::new()), ErrorKind::TooLarge, "4096 bytes");
    let many = ["a", "b", "c"]
        .into_iter()
        .try_fold(new(), |layer, path| layer.with_bytes(path, 0o644, ""));
    check(many.unwrap().write(Vec::new()), ErrorKind::TooLarge, "2 entries");
    for (limits, part) in [
        (ImageLimits::new().with_file_size(1), "1 bytes in one file"),
        (ImageLimits::new().with_name_bytes(2), "2 bytes of names"),
    ] {
        let layer = LayerBuilder::new(plain().with_limits(limits));
        let layer = layer
            .with_bytes("ab", 0o644, "xy")
            .and_then(|layer| layer.with_symlink("c", "d"));
        check(layer.unwrap().write(Vec::new()), ErrorKind::TooLarge, part);
    }
}
