//! Layers made one.

use std::sync::Arc;

use oci_client_core::ErrorKind;
use oci_client_core::runtime::block_on;
use oci_client_core::store::MemoryStore;
use oci_spec_types::{Annotations, AnyManifest, Document, MediaType};

use super::{described, image, names, runtime, step, tree, tree_of, v1};
use crate::build::{Image, ImageFormat};
use crate::hostile::{archive, directory, file, link};
use crate::layer::{Compression, LayerOptions};

fn squash(image: &Image, last: usize) -> Image {
    let options = LayerOptions::new().with_compression(Compression::None);
    block_on(image.clone().squash(last, &options, &runtime())).unwrap()
}

/// Three layers: what each does, and what the image says of them.
fn three() -> Image {
    let image = image(&[
        archive(&[directory("d/"), file("d/a", b"1"), file("b", b"1"), file("old", b"1")]),
        archive(&[file("b", b"2"), file("temporary", b"2"), file("d/.wh.a", b"")]),
        archive(&[file(".wh.temporary", b""), link("c", b'1', "b")]),
    ]);
    let edit = image.edit().created("2026-01-02T03:04:05Z").label("k", "v");
    edit.annotation(Annotations::BASE_NAME, "base")
        .annotation("other", "kept")
        .finish()
        .unwrap()
}

#[test]
fn a_flat_image_is_the_same_in_one_layer() {
    let image = three();
    for compression in [Compression::Gzip, Compression::None, Compression::Zstd] {
        if compression == Compression::Zstd && !cfg!(feature = "zstd") {
            continue;
        }
        let options = LayerOptions::new().with_compression(compression);
        let flat = block_on(image.clone().flatten(&options, &runtime())).unwrap();
        let again = block_on(image.clone().flatten(&options.with_spool(0, None), &runtime())).unwrap();
        assert_eq!(flat.digest(), again.digest());
        assert_eq!(described(&tree_of(&flat)), described(&tree_of(&image)));
        let [layer] = flat.manifest().value().layers.as_slice() else {
            panic!("{:?}", flat.manifest());
        };
        assert_eq!(layer.media_type, compression.media_type());
        assert_eq!(flat.config().value().config, image.config().value().config);
    }
}

#[test]
fn what_was_done_stays_in_the_history() {
    let image = three();
    let expected = |below: usize, text: &str| {
        let mut steps: Vec<_> = (0..3).map(step).collect();
        steps
            .iter_mut()
            .skip(below)
            .for_each(|step| step.empty_layer = Some(true));
        let mut last = step(0);
        last.created_by = Some(text.to_owned());
        last.created = Some("2026-01-02T03:04:05Z".to_owned());
        steps.push(last);
        steps
    };
    let (flat, two) = (squash(&image, 3), squash(&image, 2));
    assert_eq!(flat.config().value().history, expected(0, "3 layers made one"));
    assert_eq!(two.config().value().history, expected(1, "2 layers made one"));
    assert_eq!(two.manifest().value().layers[0], image.manifest().value().layers[0]);
    // Nothing of a base is left in one, and perhaps in the other.
    let annotation = |image: &Image, name| image.manifest().value().annotations.get(name).map(str::to_owned);
    assert_eq!(annotation(&flat, Annotations::BASE_NAME), None);
    assert_eq!(annotation(&two, Annotations::BASE_NAME).as_deref(), Some("base"));
    assert_eq!(annotation(&flat, "other").as_deref(), Some("kept"));
}

/// The entries of two layers, and the names of those that the two squashed have.
type Case<'a> = (&'a [Vec<u8>], &'a [Vec<u8>], &'a [&'a str]);

/// Which entries a squashed layer has: whiteouts only for what is below.
#[test]
fn whiteouts_are_kept_where_they_matter() {
    let base = || {
        archive(&[
            directory("d/"),
            directory("d/e/"),
            file("d/e/f", b"1"),
            file("d/g", b"1"),
            file("h", b"1"),
        ])
    };
    let cases: [Case<'_>; 13] = [
        // Made and removed again.
        (&[file("x", b"2")], &[file(".wh.x", b"")], &[]),
        (&[file(".wh.h", b"")], &[], &[".wh.h"]),
        (&[file(".wh.h", b"")], &[file("h", b"3")], &["h"]),
        (&[file(".wh.nothing", b"")], &[file("d/.wh.nothing", b"")], &[]),
        // Of a whole directory the name is enough.
        (&[file("d/.wh.g", b"")], &[file(".wh.d", b"")], &[".wh.d"]),
        (&[file(".wh.d", b"")], &[file("d", b"3")], &["d"]),
        // One that is new hides the old one, also if only what is in it is told.
        (
            &[file(".wh.d", b"")],
            &[directory("d/"), file("d/g", b"3")],
            &["d/", "d/.wh..wh..opq", "d/g"],
        ),
        (
            &[file(".wh.d", b"")],
            &[file("d/g", b"3")],
            &["d/", "d/.wh..wh..opq", "d/g"],
        ),
        // The same directory keeps what is not hidden.
        (
            &[file("d/.wh..wh..opq", b"")],
            &[file("d/g", b"3")],
            &["d/.wh.e", "d/g"],
        ),
        (&[file("d/.wh.e", b"")], &[directory("d/")], &["d/", "d/.wh.e"]),
        (
            &[file("new/x", b"2")],
            &[link("new/y", b'1', "new/x")],
            &["new/x", "new/y"],
        ),
        // A name more of what is below; without its first name it is there itself.
        (&[link("y", b'1', "h")], &[], &["y"]),
        (&[link("y", b'1', "h")], &[file(".wh.h", b"")], &[".wh.h", "y"]),
    ];
    for (second, third, expected) in cases {
        let image = image(&[base(), archive(second), archive(third)]);
        let squashed = squash(&image, 2);
        let layer = &squashed.manifest().value().layers[1];
        let archive = block_on(crate::transfer::read(&squashed, layer, 1 << 20, "the layer")).unwrap();
        let found = names(&archive);
        assert_eq!(found, expected);
        assert_eq!(
            described(&tree_of(&squashed)),
            described(&tree_of(&image)),
            "{expected:?}"
        );
    }
}

#[test]
fn what_cannot_be_made_one() {
    let image = three();
    for last in [0, 1] {
        assert_eq!(squash(&image, last).digest(), image.digest());
    }
    let options = LayerOptions::new();
    let refused = |image: &Image, last| {
        block_on(image.clone().squash(last, &options, &runtime()))
            .unwrap_err()
            .kind()
    };
    assert_eq!(refused(&image, 4), ErrorKind::Invalid);
    let store = MemoryStore::new();
    block_on(image.put_to(&store, None)).unwrap();
    let mut manifest = image.manifest().value().clone();
    manifest.layers[0].media_type = MediaType::NONDISTRIBUTABLE_LAYER;
    let manifest = Document::from_value(AnyManifest::Image(manifest)).unwrap();
    store.add_manifest(manifest, Some("v1".parse().unwrap()));
    let foreign = block_on(Image::load(Arc::new(store), &v1(), None)).unwrap();
    assert_eq!(refused(&foreign, 3), ErrorKind::Unsupported);
    assert_eq!(squash(&foreign, 2).manifest().value().layers.len(), 2);
    let edit = image.edit().config(|config| config.rootfs.diff_ids.swap(0, 1));
    assert_eq!(refused(&edit.finish().unwrap(), 3), ErrorKind::Mismatch);
}

#[test]
fn an_image_of_docker_stays_one() {
    let docker = three().convert(ImageFormat::Docker);
    assert!(docker.is_err(), "Docker has no annotations");
    let image = image(&[archive(&[file("a", b"1")]), archive(&[file("b", b"2")])]);
    let docker = image.convert(ImageFormat::Docker).unwrap();
    let flat = block_on(docker.flatten(&LayerOptions::new(), &runtime())).unwrap();
    assert_eq!(
        flat.manifest().value().layers[0].media_type,
        MediaType::DOCKER_LAYER_GZIP
    );
    assert_eq!(
        described(&tree_of(&flat)),
        described(&tree(&[archive(&[file("a", b"1"), file("b", b"2")])]).unwrap())
    );
}
