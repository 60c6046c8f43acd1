//! The same archive, compressed and kept in different ways.

use std::io::{Read, Write};

use oci_client_core::ErrorKind;
use oci_client_core::runtime::block_on;
use oci_spec_types::{Digest, MediaType};

use super::{Full, check, plain, read, runtime, tar_of};
use crate::compression::{Encoder, uncompressed};
use crate::layer::{Compression, Layer, LayerBuilder, LayerOptions};

const ALL: [Compression; 3] = [Compression::Gzip, Compression::None, Compression::Zstd];

/// Larger than what is passed on between threads at a time.
fn example(options: LayerOptions) -> LayerBuilder {
    let content: Vec<u8> = (0..60_000_u32)
        .flat_map(|number| (number.wrapping_mul(number) >> 9).to_le_bytes())
        .collect();
    LayerBuilder::new(options)
        .with_bytes("a", 0o644, content)
        .and_then(|layer| layer.with_bytes("b", 0o644, "b"))
        .unwrap()
}

fn decoded(compression: Compression, content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut whole = Vec::new();
    let tar = uncompressed(content, &compression.media_type());
    tar.map_err(std::io::Error::other)?.read_to_end(&mut whole)?;
    Ok(whole)
}

fn encoded(compression: Compression, content: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(compression, Vec::new()).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn one_thread_or_two_in_memory_or_in_a_file_the_layer_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let tar = tar_of(&example(plain()));
    for compression in ALL {
        let options = LayerOptions::new().with_compression(compression);
        let mut written = Vec::new();
        let described = example(options.clone()).write(&mut written).unwrap();
        assert_eq!(described.diff_id, Digest::sha256(&tar));
        assert_eq!(described.descriptor.media_type, compression.media_type());
        described.descriptor.verify(&written).unwrap();
        assert_eq!(decoded(compression, &written).unwrap(), tar);
        for options in [
            options.clone(),
            options.clone().with_one_thread(),
            options.clone().with_spool(0, Some(folder.path())),
            options.with_spool(usize::MAX, None),
        ] {
            let layer = block_on(example(options).build(&runtime())).unwrap();
            assert_eq!(layer.descriptor(), &described.descriptor);
            assert_eq!(layer.diff_id(), &described.diff_id);
            assert_eq!(read(&**layer.content()), written);
        }
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn compressed_bytes_are_those_of_the_named_encoder() {
    let digest = |compression| {
        let layer = LayerBuilder::new(LayerOptions::new().with_compression(compression));
        let layer = layer.with_bytes("etc/motd", 0o644, "hello\n".repeat(1000)).unwrap();
        layer.write(Vec::new()).unwrap().descriptor.digest.to_string()
    };
    assert_eq!(
        digest(Compression::Gzip),
        "sha256:be5e38e1772bd98900e03c08ce7ac9b3a1adf1f15a50ddfc235d535ae59e47fd",
    );
    assert_eq!(
        digest(Compression::Zstd),
        "sha256:d9ab81c8e17c0e23c98fcdd82d3856594083ef92367b07e4fd2305c51cda9cda",
    );
}

#[test]
fn types_of_layers_say_how_they_are_compressed() {
    for (media_type, expected) in [
        (MediaType::IMAGE_LAYER, Some(Compression::None)),
        (MediaType::IMAGE_LAYER_GZIP, Some(Compression::Gzip)),
        (MediaType::IMAGE_LAYER_ZSTD, Some(Compression::Zstd)),
        (MediaType::NONDISTRIBUTABLE_LAYER_GZIP, Some(Compression::Gzip)),
        (MediaType::DOCKER_LAYER, Some(Compression::None)),
        (MediaType::DOCKER_LAYER_GZIP, Some(Compression::Gzip)),
        (MediaType::DOCKER_LAYER_ZSTD, Some(Compression::Zstd)),
        (MediaType::DOCKER_FOREIGN_LAYER_GZIP, Some(Compression::Gzip)),
        (MediaType::IMAGE_CONFIG, None),
        (MediaType::from_static("application/vnd.example+gzip"), None),
    ] {
        assert_eq!(Compression::of(&media_type), expected, "{media_type}");
    }
}

#[test]
fn u15_several_members_are_one_archive_and_anything_else_behind_them_is_an_error() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        let content = encoded(compression, &[7; 100_000]);
        let twice = [content.clone(), content.clone()].concat();
        assert_eq!(decoded(compression, &twice).unwrap(), [7; 200_000]);
        assert_eq!(decoded(compression, b"").unwrap(), b"");
        for end in 1..content.len() {
            assert!(
                decoded(compression, &content[..end]).is_err(),
                "{compression:?} cut at {end}"
            );
        }
        let garbage = [content, b"garbage".to_vec()].concat();
        assert!(decoded(compression, &garbage).is_err(), "{compression:?}");
    }
    // A frame with a window of 2 GiB.
    let wide = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00];
    assert!(decoded(Compression::Zstd, &wide).is_err());
}

#[test]
fn u16_a_place_that_is_full_ends_both_threads() {
    for compression in ALL {
        for room in [0, 100, 100_000] {
            for options in [LayerOptions::new(), LayerOptions::new().with_one_thread()] {
                let layer = example(options.with_compression(compression));
                check(layer.write(Full(room)), ErrorKind::Store, "cannot be written");
            }
        }
    }
}

#[test]
fn a_folder_that_is_not_there_cannot_keep_a_layer() {
    let options = LayerOptions::new().with_spool(0, Some("/nonexistent".as_ref()));
    let built: Result<Layer, _> = block_on(example(options).build(&runtime()));
    check(built, ErrorKind::Store, "cannot be written");
}
