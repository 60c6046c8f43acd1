//! Little that becomes much, and what compression has that one does not expect.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use oci_client_core::ErrorKind;
use oci_spec_types::MediaType;

use super::{Endless, budget, entries, whole};
use crate::ImageLimits;
use crate::compression::{Compression, Encoder};
use crate::hostile::{file, gzip, header};

fn encoded(compression: Compression, content: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(compression, Vec::new()).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn u15_a_bomb_ends_at_the_limit_of_bytes() {
    let zeros = vec![0; 16 << 20];
    let mut compressions = vec![Compression::Gzip];
    compressions.extend(cfg!(feature = "zstd").then_some(Compression::Zstd));
    for compression in compressions {
        let bomb = encoded(compression, &zeros);
        assert!(bomb.len() < zeros.len() / 500);
        let fits = ImageLimits::new().with_bytes(16 << 20);
        assert_eq!(
            whole(&bomb, &compression.media_type(), fits).unwrap().len(),
            zeros.len()
        );
        let error = whole(&bomb, &compression.media_type(), fits.with_bytes((16 << 20) - 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{compression:?}: {error}");
    }
}

/// 10 GiB out of 10 MiB, as numbers alone.
#[test]
fn u15_the_ratio_counts_from_half_a_gibibyte_on() {
    let (mib, from) = (1 << 20, ImageLimits::RATIO_FROM);
    for (ratio, compressed, produced, fits) in [
        (100, 1, from, true),
        (100, 1, from + 1, false),
        (100, 6 * mib, 600 * mib, true),
        (100, 6 * mib, 600 * mib + 1, false),
        (100, 10 * mib, 10 << 30, false),
        (1024, 10 * mib, 10 << 30, true),
        (u64::MAX, 10 * mib, 10 << 30, true),
        (0, from, from, true),
        (0, from, from + 1, false),
    ] {
        let mut budget = budget(ImageLimits::new().with_ratio(ratio));
        let taken = budget.take_bytes(1, compressed, produced).map_err(|error| error.kind());
        let expected = if fits { Ok(()) } else { Err(ErrorKind::TooLarge) };
        assert_eq!(taken, expected, "{ratio} {compressed} {produced}");
    }
}

#[test]
fn u15_many_members_are_read_one_after_the_other() {
    let member = |content: &[u8]| gzip(content);
    let many = [member(b"").repeat(2000), member(b"ab").repeat(2000)].concat();
    let content = whole(&many, &MediaType::IMAGE_LAYER_GZIP, ImageLimits::new()).unwrap();
    assert_eq!(content, b"ab".repeat(2000));
}

/// RFC 8878: frames as zstd itself does not write them.
#[cfg(feature = "zstd")]
#[test]
fn u15_frames_of_zstd() {
    let frame = |after_magic: &[u8]| [&[0x28, 0xb5, 0x2f, 0xfd], after_magic, &[1, 0, 0]].concat();
    let skippable = |size: u32| [&[0x5a, 0x2a, 0x4d, 0x18][..], &size.to_le_bytes(), b"skip"].concat();
    let hello = encoded(Compression::Zstd, b"hello");
    let read = |blob: &[u8]| whole(blob, &MediaType::IMAGE_LAYER_ZSTD, ImageLimits::new());
    let skipped = [skippable(4), hello.clone(), skippable(4)].concat();
    assert_eq!(read(&frame(&[0x00, 17 << 3])).unwrap(), b"", "a window of 128 MiB");
    assert_eq!(read(&skipped).unwrap(), b"hello", "frames to skip");
    for (name, blob) in [
        ("a window of 256 MiB", frame(&[0x00, 18 << 3])),
        ("a window of 2 GiB", frame(&[0x00, 21 << 3])),
        ("a dictionary", frame(&[0x21, 7, 0])),
        ("a reserved bit", frame(&[0x28, 0])),
        (
            "a frame to skip that is cut off",
            [hello.clone(), skippable(5)].concat(),
        ),
        ("garbage", [hello, b"garbage".to_vec()].concat()),
    ] {
        assert_eq!(read(&blob).unwrap_err().kind(), ErrorKind::Invalid, "{name}");
    }
}

/// Archives that never end: what is read of them is what the limit allows, and a buffer.
#[test]
fn u17_an_endless_archive_ends_at_each_limit() {
    let limits = ImageLimits::new();
    for (what, limits, piece, most) in [
        ("entries", limits.with_entries(1000), file("a", b""), 1001 * 512),
        (
            "bytes of names",
            limits.with_name_bytes(1000),
            file("abcdefghij", b""),
            101 * 512,
        ),
        (
            "without compression",
            limits.with_bytes(1 << 20),
            file("a", b"x"),
            1 << 20,
        ),
        (
            "in one file",
            limits.with_file_size(1 << 20),
            header(b"a", b'0', 1 << 30, |_| ()),
            512,
        ),
    ] {
        let endless = Endless {
            at: 0,
            given: Arc::default(),
            piece,
        };
        let given = endless.given.clone();
        let error = entries(endless, limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{what}: {error}");
        let mut text = error.to_string();
        if let Some(source) = std::error::Error::source(&error) {
            text = format!("{text}: {source}");
        }
        assert!(text.contains(what), "{text}");
        // What is left of an entry is passed in pieces.
        let read = given.load(Ordering::Relaxed);
        assert!(read <= most + BUFFERS, "{what}: {read} bytes were read");
    }
}

/// What may be read ahead.
const BUFFERS: u64 = 128 << 10;
