//! Archives of others.

use std::io::{self, Read};

use oci_client_core::runtime::block_on;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Digest, MediaType};

use super::{check, plain, read, runtime, tar_of};
use crate::ImageLimits;
use crate::layer::{Compression, Layer, LayerBuilder, LayerOptions};

fn tar() -> Vec<u8> {
    tar_of(
        &LayerBuilder::new(plain())
            .with_bytes("a", 0o644, vec![1; 10_000])
            .unwrap(),
    )
}

fn gzip() -> (Layer, Vec<u8>) {
    let layer = from_tar(io::Cursor::new(tar()), LayerOptions::new()).unwrap();
    let content = read(&**layer.content());
    (layer, content)
}

fn limited() -> LayerOptions {
    LayerOptions::new().with_limits(ImageLimits::new().with_bytes(5_000))
}

fn from_tar(archive: impl Read + Send + 'static, options: LayerOptions) -> Result<Layer, Error> {
    block_on(Layer::from_tar(archive, options, &runtime()))
}

fn from_compressed(content: &[u8], media_type: MediaType, options: LayerOptions) -> Result<Layer, Error> {
    let content = io::Cursor::new(content.to_vec());
    block_on(Layer::from_compressed(content, media_type, options, &runtime()))
}

#[test]
fn an_archive_stays_as_it_is() {
    for compression in [Compression::Gzip, Compression::None, Compression::Zstd] {
        let options = LayerOptions::new().with_compression(compression);
        let made = from_tar(io::Cursor::new(tar()), options.clone()).unwrap();
        assert_eq!(made.diff_id(), &Digest::sha256(&tar()));
        let content = read(&**made.content());
        made.descriptor().verify(&content).unwrap();
        let taken = from_compressed(&content, compression.media_type(), options).unwrap();
        assert_eq!(
            (taken.descriptor(), taken.diff_id()),
            (made.descriptor(), made.diff_id())
        );
        assert_eq!(read(&**taken.content()), content);
    }
}

#[test]
fn u15_what_decompresses_to_more_than_the_limit_is_an_error() {
    let (_, content) = gzip();
    assert!(content.len() < 5_000);
    let taken = from_compressed(&content, MediaType::IMAGE_LAYER_GZIP, limited());
    check(taken, ErrorKind::TooLarge, "5000 bytes");
    let made = from_tar(io::Cursor::new(tar()), limited());
    check(made, ErrorKind::TooLarge, "5000 bytes");
}

#[test]
fn u15_what_is_not_compressed_as_its_type_says_is_an_error() {
    let (_, content) = gzip();
    let taken = |content: &[u8], media_type| from_compressed(content, media_type, LayerOptions::new());
    let wrong = taken(&content, MediaType::IMAGE_LAYER_ZSTD);
    check(wrong, ErrorKind::Invalid, "says zstd");
    let cut = taken(&content[..content.len() - 1], MediaType::IMAGE_LAYER_GZIP);
    check(cut, ErrorKind::Invalid, "cannot be uncompressed");
    check(
        taken(&content, MediaType::IMAGE_CONFIG),
        ErrorKind::Unsupported,
        "not the type",
    );
}

#[test]
fn a_reader_that_fails_is_the_error() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("no more"))
        }
    }
    for options in [LayerOptions::new(), LayerOptions::new().with_one_thread()] {
        let archive = io::Cursor::new(tar()).chain(Fails);
        check(from_tar(archive, options.clone()), ErrorKind::Store, "no more");
        let compressed = io::Cursor::new(gzip().1).chain(Fails);
        let runtime = runtime();
        let taken = Layer::from_compressed(compressed, MediaType::IMAGE_LAYER_GZIP, options, &runtime);
        check(block_on(taken), ErrorKind::Store, "no more");
    }
}
