//! Layers of artifacts that are directories.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use oci_client_core::client::Content;
use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
use oci_client_core::store::{MemoryStore, Source};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Annotations, AnyManifest, Descriptor, Digest, Document, MediaType, TagOrDigest};

use super::{Place, names, on_disk};
use crate::ImageLimits;
use crate::hostile::{archive, directory, file, gzip, header, leading_out, link, pax};
use crate::pack::{Pack, is_directory};
use crate::unpack::{Unpacked, unpack_directory};

const DIGEST: &str = "io.deis.oras.content.digest";
const UNPACK: &str = "io.deis.oras.content.unpack";

/// A store that gives this out for any blob.
struct Unverified(Bytes);

#[async_trait]
impl Source for Unverified {
    async fn manifest(&self, _: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        Err(Error::new(ErrorKind::NotFound, "there are no manifests"))
    }

    async fn blob(&self, _: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        Ok(Arc::new(self.0.clone()))
    }
}

/// A store with this blob, described as `oras push` does.
fn stored(blob: Vec<u8>, tar: &[u8], title: &str) -> (MemoryStore, Descriptor) {
    let store = MemoryStore::new();
    let layer = store
        .add_blob(MediaType::IMAGE_LAYER_GZIP, blob)
        .with_annotation(Annotations::TITLE, title)
        .with_annotation(DIGEST, Digest::sha256(tar).to_string())
        .with_annotation(UNPACK, "true");
    (store, layer)
}

/// Unpacks into a place whose outside has to stay as it is; after an error there is nothing.
fn run(place: &Place, store: &dyn Source, layer: &Descriptor, limits: ImageLimits) -> Result<Unpacked, Error> {
    let runtime = Arc::new(ThreadRuntime::new());
    let unpacked = block_on(unpack_directory(store, layer, &place.root(), runtime, limits));
    place.assert_untouched();
    if unpacked.is_err() {
        let left = fs::read_dir(place.outer.path()).unwrap().count();
        assert_eq!(left, 2, "something is left of a directory that could not be unpacked");
    }
    unpacked
}

fn fetched(tar: &[u8], title: &str) -> Result<Place, Error> {
    let (place, (store, layer)) = (Place::new(), stored(gzip(tar), tar, title));
    run(&place, &store, &layer, ImageLimits::new()).map(|unpacked| {
        assert_eq!(*unpacked.digest(), layer.digest);
        place
    })
}

fn found(place: &Place) -> std::collections::BTreeMap<String, String> {
    let text = on_disk(&place.root()).into_iter();
    text.map(|(path, what)| (String::from_utf8(path).unwrap(), what))
        .collect()
}

fn refused(what: &str, entries: &[Vec<u8>], kind: ErrorKind) {
    let error = fetched(&archive(entries), "d").err();
    assert_eq!(error.map(|error| error.kind()), Some(kind), "{what}");
}

#[test]
fn a_packed_directory_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (data, long) = (folder.path().join("data"), "n".repeat(180));
    fs::create_dir_all(data.join("sub/empty")).unwrap();
    for (name, mode) in [("a", 0o640), ("sub/.wh.b", 0o600), ("sub/run", 0o755), (&long, 0o444)] {
        fs::write(data.join(name), name).unwrap();
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    symlink("../a", data.join("sub/link")).unwrap();
    fs::set_permissions(data.join("sub"), fs::Permissions::from_mode(0o550)).unwrap();
    let (place, store) = (Place::new(), MemoryStore::new());
    let runtime: Arc<dyn Runtime> = Arc::new(ThreadRuntime::new());
    let pack = Pack::new(MediaType::from_static("application/vnd.example"));
    let pack = block_on(pack.with_directory("my/dir", &data, &runtime)).unwrap();
    let document = block_on(pack.push(&store, None)).unwrap();
    let layer = &document.value().as_image().unwrap().layers[0];
    assert!(is_directory(layer));
    let unpacked = run(&place, &store, layer, ImageLimits::new()).unwrap();
    assert_eq!((unpacked.skipped_count(), unpacked.entries()), (0, 8));
    assert_eq!(on_disk(&place.root()), on_disk(&data));
    for name in ["a", "sub/.wh.b", "sub/run", &long, "sub", "sub/empty"] {
        let mode = |root: &std::path::Path| fs::metadata(root.join(name)).unwrap().mode();
        assert_eq!(mode(&place.root()), mode(&data), "{name}");
        assert_eq!(fs::metadata(place.root().join(name)).unwrap().mtime(), 0, "{name}");
    }
    assert_eq!(fs::read(place.root().join("sub/.wh.b")).unwrap(), b"sub/.wh.b");
    // What is there is not written over.
    let runtime = Arc::new(ThreadRuntime::new());
    let again = block_on(unpack_directory(
        &store,
        layer,
        &place.root(),
        runtime,
        ImageLimits::new(),
    ));
    assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(on_disk(&place.root()), on_disk(&data));
    for root in [place.root(), data] {
        fs::set_permissions(root.join("sub"), fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// U01, U03, U04: every name is one below the title, that of a hard link's target too.
#[test]
fn u01_u03_u04_what_is_not_below_the_title_is_refused() {
    let pax_path = |path: &str| [pax(&[("path", path.as_bytes())]), file("d/a", b"x")].concat();
    for path in [
        "../secret",
        "d/../secret",
        "d/../../secret",
        "/etc/passwd",
        "/d/a",
        "a",
        "dd",
        "other/a",
        "",
    ] {
        refused(path, &[directory("d/"), file(path, b"x")], ErrorKind::Invalid);
        // An empty record is as good as none.
        if !path.is_empty() {
            refused(path, &[pax_path(path)], ErrorKind::Invalid);
        }
        refused(path, &[directory(path)], ErrorKind::Invalid);
        refused(
            path,
            &[file("d/secret", b"x"), link("d/h", b'1', path)],
            ErrorKind::Invalid,
        );
    }
    refused("file", &[file("d", b"x")], ErrorKind::Invalid);
    refused("link", &[link("d", b'2', "others")], ErrorKind::Invalid);
    refused("hard link", &[link("d", b'1', "d/a")], ErrorKind::Invalid);
    let place = fetched(&archive(&[file("./d//a", b"x"), link("d/b", b'1', "d/a")]), "d").unwrap();
    assert_eq!(names(&found(&place)), ["a", "b"]);
    assert_eq!(fs::metadata(place.root().join("b")).unwrap().nlink(), 2);
}

/// U02: of symbolic links those that stay inside, whatever other links they go through and wherever they come to be.
#[test]
fn u02_links_that_lead_out_are_refused() {
    let sym = |name: &str, target: &str| link(name, b'2', target);
    for (what, entries) in [
        ("absolute", vec![sym("d/s", "/etc")]),
        ("absolute inside", vec![file("d/a", b""), sym("d/s", "/a")]),
        ("above", vec![sym("d/s", "..")]),
        ("beside", vec![sym("d/s", "../others")]),
        ("down and up", vec![directory("d/a/"), sym("d/s", "a/../../others")]),
        ("deep", vec![sym("d/a/s", "../../others")]),
        ("then a file", vec![sym("d/s", "../others"), file("d/s/evil", b"x")]),
        (
            "then a file, absolute",
            vec![sym("d/s", "/tmp"), file("d/s/evil", b"x")],
        ),
        ("chain", vec![sym("d/a/up", ".."), sym("d/s", "a/up/..")]),
        (
            "chain, made later",
            vec![sym("d/s", "a/up/../others"), sym("d/a/up", "..")],
        ),
        ("up from nothing", vec![sym("d/s", "none/../a")]),
        (
            "a hard link nearer to the top",
            vec![directory("d/a/"), sym("d/a/s", ".."), link("d/h", b'1', "d/a/s")],
        ),
        (
            "through a link nearer to the top",
            vec![directory("d/a/b/"), sym("d/a/b/up", "../.."), sym("d/a/b/up/s", "..")],
        ),
    ] {
        refused(what, &entries, ErrorKind::Invalid);
    }
    let inside = [
        file("d/a/f", b"x"),
        sym("d/a/up", ".."),
        sym("d/s", "a/up/a/f"),
        sym("d/t", "./a/../a/f"),
        sym("d/dangling", "none"),
        sym("d/loop", "loop"),
        sym("d/to", "a"),
        file("d/to/g", b"x"),
        sym("d/replaced", "/etc"),
        file("d/replaced", b"x"),
    ];
    let place = fetched(&archive(&inside), "d").unwrap();
    for name in ["s", "t", "a/g", "replaced"] {
        assert_eq!(fs::read(place.root().join(name)).unwrap(), b"x", "{name}");
    }
}

/// U07, U08: no device is made, no pipe, and nothing that gives rights.
#[test]
fn u07_u08_devices_are_refused_and_setuid_is_dropped() {
    for kind in [b'3', b'4', b'6'] {
        let entries = [file("d/a", b"x"), header(b"d/b", kind, 0, |_| ())];
        refused("special", &entries, ErrorKind::Unsupported);
    }
    let setuid = header(b"d/a", b'0', 0, |block| block[100..107].copy_from_slice(b"0006755"));
    let place = fetched(&archive(&[setuid]), "d").unwrap();
    assert_eq!(fs::metadata(place.root().join("a")).unwrap().mode() & 0o7777, 0o755);
}

/// What leads out of a directory leads out of this one the less: whatever comes of each, outside nothing does.
#[test]
fn u01_u02_u03_u14_hostile_archives_leave_what_is_outside_alone() {
    for (name, tar) in leading_out() {
        assert!(fetched(&tar, "d").is_err(), "{name}");
    }
}

/// U15, U17: little that becomes much, too much, or something else than gzip.
#[test]
fn u15_u17_bombs_end_at_the_limits() {
    let bomb = archive(&[file("d/zeros", &vec![0; 1 << 20])]);
    let limits = ImageLimits::new();
    for (limits, kind) in [
        (limits, None),
        (limits.with_bytes(1 << 20), Some(ErrorKind::TooLarge)),
        (limits.with_file_size(1 << 19), Some(ErrorKind::TooLarge)),
        (limits.with_entries(0), Some(ErrorKind::TooLarge)),
        (limits.with_name_bytes(3), Some(ErrorKind::TooLarge)),
        (limits.with_depth(0), Some(ErrorKind::TooLarge)),
        (limits.with_time(Duration::ZERO), Some(ErrorKind::Timeout)),
    ] {
        let (place, (store, layer)) = (Place::new(), stored(gzip(&bomb), &bomb, "d"));
        let error = run(&place, &store, &layer, limits).err();
        assert_eq!(error.map(|error| error.kind()), kind, "{limits:?}");
    }
    let (whole, place) = (gzip(&bomb), Place::new());
    for blob in [
        bomb.clone(),
        whole[..whole.len() - 1].to_vec(),
        [&whole[..], b"more"].concat(),
        zstd::encode_all(&bomb[..], 1).unwrap(),
    ] {
        let (store, layer) = stored(blob, &bomb, "d");
        let error = run(&place, &store, &layer, ImageLimits::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}

/// U15: half a gigabyte of zeros in a megabyte, after the archive, so that no disk is filled here: no limit of bytes would end that, but the ratio does.
#[test]
fn u15_a_bomb_ends_by_its_ratio() {
    use std::io::Write;
    let size = ImageLimits::RATIO_FROM + (64 << 20);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&archive(&[file("d/a", b"x")])).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..size >> 20 {
        encoder.write_all(&zeros).unwrap();
    }
    let (store, layer) = stored(encoder.finish().unwrap(), b"", "d");
    assert!(layer.size < 1 << 20);
    let error = run(&Place::new(), &store, &layer, ImageLimits::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[test]
fn the_archive_is_held_to_its_digests() {
    let tar = archive(&[file("d/a", b"x")]);
    let (place, (store, layer)) = (Place::new(), stored(gzip(&tar), &tar, "d"));
    let annotated = |digest: &str| layer.clone().with_annotation(DIGEST, digest);
    for (layer, kind) in [
        (annotated(&Digest::sha256(b"other").to_string()), ErrorKind::Mismatch),
        (annotated("none"), ErrorKind::Invalid),
    ] {
        let error = run(&place, &store, &layer, ImageLimits::new()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let without = |remove: &str| {
        let kept = layer.annotations.iter().filter(|(name, _)| *name != remove);
        let bare = store.add_blob(MediaType::from_static("application/vnd.example"), gzip(&tar));
        kept.fold(bare, |layer, (name, value)| layer.with_annotation(name, value))
    };
    for needed in [Annotations::TITLE, UNPACK] {
        let error = run(&place, &store, &without(needed), ImageLimits::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    // The annotation may be missing, and the type be any; the blob has to be the right one.
    run(&place, &store, &without(DIGEST), ImageLimits::new()).unwrap();
    assert_eq!(fs::read(place.root().join("a")).unwrap(), b"x");
    // Of another blob of the same length even the archive without an annotation is refused.
    let layer = without(DIGEST);
    let mut blob = gzip(&tar);
    // The system that wrote it, which no decoder looks at.
    blob[9] ^= 1;
    let other = Unverified(blob.into());
    let error = run(&Place::new(), &other, &layer, ImageLimits::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
}

#[test]
fn titles_are_relative_paths_without_detours() {
    let tar = archive(&[file("a", b"x"), file("d/a", b"x")]);
    for title in ["", ".", "..", "/d", "d/", "./d", "d/../d", "d\\a", "d\0"] {
        let error = fetched(&tar, title).err().map(|error| error.kind());
        assert_eq!(error, Some(ErrorKind::Invalid), "{title:?}");
    }
}
