//! How much there may be.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

use oci_client_core::ErrorKind;
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_spec_types::{Digest, MediaType};

use super::{Place, image_of, refused};
use crate::ImageLimits;
use crate::hostile::{archive, deep, directory, file, gzip, hiding, pax};
use crate::layer_stream::{Budget, LayerStream};
use crate::unpack::resolve::OPENED;
use crate::unpack::rootfs::Rootfs;
use crate::unpack::staging::Staging;
use crate::unpack::{UnpackOptions, unpack};

/// U13: holes take no space, and their size counts.
#[test]
fn u13_sparse_files_are_bounded_by_their_whole_size() {
    let (_, huge) = crate::hostile::parsing()
        .into_iter()
        .find(|(name, _)| *name == "gnu_sparse_huge")
        .unwrap();
    let limits = ImageLimits::new().with_file_size(1 << 20);
    let error = Place::new()
        .unpack(std::slice::from_ref(&huge), &UnpackOptions::new().with_limits(limits))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let place = Place::new();
    place.unpack(&[huge], &UnpackOptions::new()).unwrap();
    let metadata = fs::metadata(place.root().join("sparse")).unwrap();
    assert_eq!(metadata.len(), 0o77_777_777_777);
    assert!(metadata.blocks() < 1024);
}

/// U14: depth is bounded, and a path 2,000 deep costs as much as it is long.
#[test]
fn u14_deep_paths_are_bounded() {
    let deep = "d/".repeat(2000);
    let layer = archive(&[pax(&[("path", deep.as_bytes())]), directory("x/")]);
    refused(std::slice::from_ref(&layer), ErrorKind::TooLarge);
    let options = UnpackOptions::new().with_limits(ImageLimits::new().with_depth(2000));
    let place = Place::new();
    place.unpack(&[layer], &options).unwrap();
    assert!(place.root().join("d/d/d/d").is_dir());
    let long = "x".repeat(256);
    refused(
        &[archive(&[pax(&[("path", long.as_bytes())]), file("a", b"")])],
        ErrorKind::Invalid,
    );
}

/// U14: an archive of less than 7 kB: the steps grow as the path does, and not as its square; whoever comes after it finds its directories in one step.
#[test]
fn u14_a_path_costs_as_many_steps_as_it_is_deep() {
    for depth in [500, 2000] {
        let layer = deep(depth);
        assert!(layer.len() < 7000);
        let opened = applied(&layer, depth + 1);
        assert!(
            opened <= 4 * depth as u64 + 10,
            "{depth}: {opened} directories were opened"
        );
    }
    let path = "d/".repeat(2000);
    let entry = |number: usize| {
        let path = format!("{path}{number}");
        [pax(&[("path", path.as_bytes())]), file("short", b"")].concat()
    };
    let entries: Vec<_> = (0..101).map(entry).collect();
    let opened = applied(&archive(&entries), 2001);
    assert!(
        opened <= 4 * 2000 + 310,
        "101 entries: {opened} directories were opened"
    );
}

/// Unpacks on this thread, and counts the directories that were opened.
fn applied(layer: &[u8], depth: usize) -> u64 {
    let place = Place::new();
    let (diff_id, runtime) = (Digest::sha256(layer), Arc::new(ThreadRuntime::new()));
    let mut budget = Budget::new(ImageLimits::new().with_depth(depth), runtime);
    let mut rootfs = Rootfs::create(Staging::create(place.root()).unwrap(), Arc::new(UnpackOptions::new())).unwrap();
    OPENED.set(0);
    let mut stream = LayerStream::open(layer, &MediaType::IMAGE_LAYER, &diff_id, &mut budget).unwrap();
    rootfs.apply(&mut stream).unwrap();
    stream.finish(&diff_id).unwrap();
    rootfs.finish().unwrap();
    OPENED.get()
}

/// U15: what is compressed is what its media type says, whole, and not too much more than it was.
#[test]
fn u15_compression_is_checked() {
    let tar = archive(&[file("a", b"x")]);
    let (gz, diff_id) = (gzip(&tar), Digest::sha256(&tar));
    let zst = zstd::encode_all(&tar[..], 1).unwrap();
    let members = [gzip(&tar[..700]), gzip(&tar[700..])].concat();
    let run = |kind: MediaType, blob: &[u8]| {
        let place = Place::new();
        let (store, target) = image_of(&[(kind, blob.to_vec(), diff_id.clone())]);
        let (root, runtime, options) = (place.root(), Arc::new(ThreadRuntime::new()), UnpackOptions::new());
        let unpacked = block_on(unpack(&store, &target, &root, runtime, &options));
        unpacked.map_err(|error| error.kind()).map(drop)
    };
    for (kind, blob) in [
        (MediaType::IMAGE_LAYER_GZIP, &gz),
        (MediaType::IMAGE_LAYER_ZSTD, &zst),
        (MediaType::DOCKER_LAYER_GZIP, &members),
    ] {
        assert_eq!(run(kind.clone(), blob), Ok(()), "{kind}");
        assert_eq!(
            run(kind.clone(), &blob[..blob.len() - 5]),
            Err(ErrorKind::Invalid),
            "{kind} cut off"
        );
        assert_eq!(
            run(kind.clone(), &[blob, &b"garbage"[..]].concat()),
            Err(ErrorKind::Invalid),
            "{kind} with garbage"
        );
        assert_eq!(
            run(MediaType::IMAGE_LAYER, blob),
            Err(ErrorKind::Invalid),
            "{kind} that says tar"
        );
        assert_eq!(run(kind.clone(), &tar), Err(ErrorKind::Invalid), "{kind} that is tar");
    }
    assert_eq!(run(MediaType::IMAGE_CONFIG, &tar), Err(ErrorKind::Unsupported));
}

/// U17: entries, bytes and names are bounded.
#[test]
fn u17_budgets_are_kept() {
    let layer = archive(&[file("a", b"x"), file("bb", b"yy")]);
    let limits = ImageLimits::new();
    for (limits, fits) in [
        (limits.with_entries(2), true),
        (limits.with_entries(1), false),
        (limits.with_name_bytes(3), true),
        (limits.with_name_bytes(2), false),
        (limits.with_bytes(3072), true),
        (limits.with_bytes(3071), false),
        (limits.with_file_size(2), true),
        (limits.with_file_size(1), false),
    ] {
        let result = Place::new().unpack(std::slice::from_ref(&layer), &UnpackOptions::new().with_limits(limits));
        assert_eq!(
            result.map_err(|error| error.kind()).err(),
            (!fits).then_some(ErrorKind::TooLarge),
            "{limits:?}"
        );
    }
    let limits = limits.with_time(std::time::Duration::ZERO);
    let error = Place::new()
        .unpack(&[layer], &UnpackOptions::new().with_limits(limits))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

/// U16: what a whiteout costs does not grow with what the layer itself has put there. Otherwise this takes minutes.
#[test]
fn u16_what_was_hidden_is_not_gone_through_again() {
    const COUNT: usize = 10_000;
    let below = archive(&[file("d/below", b""), file("d/sub/below", b"")]);
    for whiteout in ["d/.wh..wh..opq", ".wh.d"] {
        let limits = ImageLimits::new().with_time(Duration::from_secs(60));
        let place = Place::new();
        place
            .unpack(
                &[below.clone(), hiding(whiteout, COUNT)],
                &UnpackOptions::new().with_limits(limits),
            )
            .unwrap();
        assert_eq!(fs::read_dir(place.root().join("d")).unwrap().count(), COUNT);
    }
}
