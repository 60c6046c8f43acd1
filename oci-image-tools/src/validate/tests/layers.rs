//! What may be wrong with layers and other blobs.

use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::store::MemoryStore;
use oci_spec_types::{Descriptor, Digest, MediaType};

use super::{Made, Odd, Row, both, report, row, rows};
use crate::ImageLimits;
use crate::hostile::{archive, directory, file, link};
use crate::layer::Compression;
use crate::validate::{Defect, ImageReport, ValidateOptions};

fn gzip(content: &[u8]) -> Vec<u8> {
    compressed(Compression::Gzip, content)
}

fn compressed(compression: Compression, content: &[u8]) -> Vec<u8> {
    use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
    let runtime: Arc<dyn Runtime> = Arc::new(ThreadRuntime::new());
    let options = crate::layer::LayerOptions::new().with_compression(compression);
    let layer = crate::layer::Layer::from_tar(std::io::Cursor::new(content.to_vec()), options, &runtime);
    let store = MemoryStore::new();
    let layer = block_on(layer).unwrap();
    store.add_content(layer.descriptor(), layer.content().clone());
    let limit = layer.descriptor().size;
    let read = crate::transfer::read(&store, layer.descriptor(), limit, "the layer");
    block_on(read).unwrap().to_vec()
}

fn in_file(defect: Defect, file: &str, is_error: bool) -> Row {
    (defect, "$.layers[0]".to_owned(), Some(file.to_owned()), is_error)
}

#[test]
fn a_right_image_has_no_findings_however_it_is_compressed() {
    let tar = archive(&[
        directory("d/"),
        file("d/a", b"x"),
        link("d/b", b'2', "a"),
        file("d/.wh.c", b""),
    ]);
    let mut layers = vec![
        (MediaType::IMAGE_LAYER, tar.clone(), tar.clone()),
        (MediaType::IMAGE_LAYER_GZIP, tar.clone(), gzip(&tar)),
        (MediaType::IMAGE_LAYER_GZIP, Vec::new(), Vec::new()),
    ];
    if cfg!(feature = "zstd") {
        layers.push((
            MediaType::IMAGE_LAYER_ZSTD,
            tar.clone(),
            compressed(Compression::Zstd, &tar),
        ));
    }
    let store = MemoryStore::new();
    Made::new(&layers).put(&store);
    assert_eq!(both(&store), [[], []]);
    let found = report(&store, &ValidateOptions::new());
    assert_eq!((found.manifests(), found.blobs()), (1, layers.len()));
}

/// U18 and others: only who reads the layers sees these.
#[test]
fn u01_u06_u11_u18_what_layers_hold() {
    let a = || file("a", b"x");
    let layer = "$.layers[0]";
    let cases: [(&[Vec<u8>], Vec<Row>); 10] = [
        (&[a(), a()], vec![in_file(Defect::DuplicatePath, "a", true)]),
        (
            &[a(), file("./a", b""), file("/a", b"")],
            vec![
                in_file(Defect::DuplicatePath, "./a", true),
                in_file(Defect::DuplicatePath, "/a", true),
            ],
        ),
        (
            &[directory("d/"), directory("d")],
            vec![in_file(Defect::DuplicatePath, "d", false)],
        ),
        (
            &[directory("d/"), file("d", b"")],
            vec![in_file(Defect::DuplicatePath, "d", true)],
        ),
        (
            &[a(), link("a", b'1', "b")],
            vec![in_file(Defect::DuplicatePath, "a", true)],
        ),
        (
            &[file("../a", b""), a(), file("b/../c", b"")],
            vec![
                in_file(Defect::Archive, "../a", true),
                in_file(Defect::Archive, "b/../c", true),
            ],
        ),
        (
            &[file(".wh..", b""), file(".wh.a/b", b"")],
            vec![
                in_file(Defect::Archive, ".wh..", true),
                in_file(Defect::Archive, ".wh.a/b", true),
            ],
        ),
        (&[file("a/", b"")], vec![row(Defect::Archive, layer)]),
        (
            &[a(), a(), vec![0; 1024], b"behind".to_vec()],
            vec![in_file(Defect::DuplicatePath, "a", true), row(Defect::Archive, layer)],
        ),
        (&[a(), vec![0; 512], a()], vec![row(Defect::Archive, layer)]),
    ];
    for (parts, expected) in cases {
        let [full, fast] = Made::of_tars(&[parts]).both();
        assert_eq!((full, fast), (expected, vec![]));
    }
}

/// U15: of another compression than its type says, cut off, with something behind it.
#[test]
fn u15_what_is_not_compressed_as_it_says() {
    let tar = archive(&[file("a", b"x")]);
    let mut cut = gzip(&tar);
    cut.truncate(cut.len() / 2);
    let mut behind = gzip(&tar);
    behind.extend_from_slice(b"behind");
    for (kind, blob, expected) in [
        (MediaType::IMAGE_LAYER, gzip(&tar), Defect::MediaType),
        (MediaType::IMAGE_LAYER_GZIP, tar.clone(), Defect::MediaType),
        (MediaType::IMAGE_LAYER_ZSTD, gzip(&tar), Defect::MediaType),
        (MediaType::IMAGE_LAYER_GZIP, cut, Defect::Archive),
        (MediaType::IMAGE_LAYER_GZIP, behind, Defect::Archive),
    ] {
        let [full, fast] = Made::new(&[(kind, tar.clone(), blob)]).both();
        assert_eq!((full, fast), (vec![row(expected, "$.layers[0]")], vec![]));
    }
}

#[test]
fn a_layer_with_another_diff_id() {
    let mut made = Made::plain();
    made.config.rootfs.diff_ids[1] = Digest::sha256(b"another");
    assert_eq!(made.both(), [vec![row(Defect::DiffId, "$.layers[1]")], vec![]]);
    // It is found out by any algorithm, and also where the archive cannot be used.
    made.config.rootfs.diff_ids[1] = Digest::sha512(&made.layers[1].1);
    assert_eq!(made.both(), [[], []]);
    made.config.rootfs.diff_ids[1] = Digest::sha512(b"another");
    assert_eq!(made.both()[0], [row(Defect::DiffId, "$.layers[1]")]);
    let mut made = Made::of_tars(&[&[file("a/", b""), file("a", b"")]]);
    made.config.rootfs.diff_ids[0] = Digest::sha256(b"another");
    let layer = "$.layers[0]";
    assert_eq!(
        made.both()[0],
        [row(Defect::Archive, layer), row(Defect::DiffId, layer)]
    );
}

/// In a store that verifies what it gives out, and in one that does not.
#[test]
fn blobs_that_are_missing_or_others() {
    let missing = |store: &MemoryStore, descriptor: &Descriptor| {
        let another = Arc::new(Bytes::from(vec![1; usize::try_from(descriptor.size).unwrap()]));
        store.add_content(descriptor, another);
    };
    let made = Made::plain();
    for verifies in [true, false] {
        let odd = Odd::default();
        made.put(&odd.store);
        missing(&odd.store, &made.layers[1].0);
        let found = match verifies {
            true => rows(&report(&odd.store, &ValidateOptions::new())),
            false => rows(&report(&odd, &ValidateOptions::new())),
        };
        // What the archive is like is seen too, if the reader gets so far.
        assert!(found.contains(&row(Defect::Digest, "$.layers[1]")), "{found:?}");
        assert!(found.iter().all(|(_, path, ..)| path == "$.layers[1]"), "{found:?}");
    }

    let mut short = Made::plain();
    short.layers[0].1.truncate(700);
    let [full, _] = short.both();
    assert!(
        full.iter().all(|(_, path, ..)| path == "$.layers[0]") && !full.is_empty(),
        "{full:?}"
    );

    let odd = Odd::default();
    let mut gone = Made::plain();
    gone.layers[0].0.digest = Digest::sha256(b"gone");
    let mut foreign = Made::plain();
    foreign.layers[0].0.digest = Digest::sha256(b"foreign");
    foreign.layers[0].0.media_type = MediaType::NONDISTRIBUTABLE_LAYER;
    for (made, is_error) in [(gone, true), (foreign, false)] {
        let store = MemoryStore::new();
        let manifest = made.put(&store);
        odd.store.add_manifest(manifest.clone(), Some("v1".parse().unwrap()));
        for blob in manifest.value().children() {
            if blob.digest != made.layers[0].0.digest {
                odd.store.add_content(blob, store.content(&blob.digest).unwrap());
            }
        }
        for found in both(&odd) {
            let found: Vec<Row> = found
                .into_iter()
                .filter(|(defect, ..)| *defect != Defect::Document)
                .collect();
            assert_eq!(found, [(Defect::Missing, "$.layers[0]".to_owned(), None, is_error)]);
        }
    }
}

#[test]
fn a_blob_that_cannot_be_fetched_hides_nothing_else() {
    let mut made = Made::of_tars(&[&[file("a", b"")], &[file("b", b""), file("b", b"")]]);
    made.config.history.pop();
    let mut odd = Odd::default();
    made.put(&odd.store);
    odd.failing = Some(made.layers[0].0.digest.clone());
    let history = row(Defect::History, "$.history");
    let unreadable = row(Defect::Unreadable, "$.layers[0]");
    let mut twice = in_file(Defect::DuplicatePath, "b", true);
    twice.1 = "$.layers[1]".to_owned();
    assert_eq!(
        both(&odd),
        [
            vec![history.clone(), unreadable.clone(), twice],
            vec![history, unreadable]
        ]
    );
}

/// Each layer is read once, and in the fast mode none is.
#[test]
fn blobs_are_fetched_once_or_only_asked_for() {
    let (mut made, odd) = (Made::plain(), Odd::default());
    let layer = made.layers[0].clone();
    made.layers.push(layer.clone());
    made.config.rootfs.diff_ids.push(Digest::sha256(&layer.1));
    made.config.history.clear();
    let manifest = made.put(&odd.store);
    let config = &manifest.value().as_image().unwrap().config.digest;
    assert_eq!(both(&odd), [[], []]);
    for (descriptor, _) in &made.layers {
        assert_eq!(odd.count("blob", &descriptor.digest), 1);
        assert_eq!(odd.count("check", &descriptor.digest), 1);
    }
    assert_eq!((odd.count("blob", config), odd.count("check", config)), (2, 0));
}

#[test]
fn u17_limits_are_findings_and_hold_for_each_image() {
    let many = [file("a", b"x"), file("b", b"xx"), directory("c/d/")];
    let new = ImageLimits::new;
    for (limits, file) in [
        (new().with_entries(2), None),
        (new().with_bytes(600), None),
        (new().with_file_size(1), None),
        (new().with_name_bytes(3), None),
        (new().with_depth(1), Some("c/d/")),
        (new().with_time(std::time::Duration::ZERO), None),
    ] {
        let store = MemoryStore::new();
        Made::of_tars(&[&many]).put(&store);
        let found = rows(&report(&store, &ValidateOptions::new().with_limits(limits)));
        let expected = (Defect::Limit, "$.layers[0]".to_owned(), file.map(str::to_owned), true);
        assert_eq!(found, [expected], "{limits:?}");
    }
}

#[test]
fn findings_are_counted_up_to_a_limit() {
    let twice: Vec<_> = std::iter::repeat_n(file("a", b""), ImageReport::MAX_FINDINGS + 5).collect();
    let store = MemoryStore::new();
    Made::of_tars(&[&twice]).put(&store);
    let found = report(&store, &ValidateOptions::new());
    assert_eq!(found.findings().len(), ImageReport::MAX_FINDINGS);
    assert!(!found.is_complete() && !found.is_valid());
}

#[test]
fn a_finding_is_told_in_one_line() {
    let store = MemoryStore::new();
    Made::of_tars(&[&[file("a\u{7}", b""), file("a\u{7}", b"")]]).put(&store);
    let found = report(&store, &ValidateOptions::new());
    let expected = format!(
        "error: {}: $.layers[0]: `a\\u{{7}}`: two entries have this path",
        found.root()
    );
    assert_eq!(found.findings()[0].to_string(), expected);
}
