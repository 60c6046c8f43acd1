//! A blob passed from the future that fetches it to the thread that reads it: both come to an end, however either of them ends.

use std::future::poll_fn;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use futures_util::{StreamExt, stream};
use oci_client_core::client::{Chunks, Content};
use oci_client_core::proto::Span;
use oci_client_core::runtime::block_on;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Digest, MediaType};

use super::{budget, runtime};
use crate::ImageLimits;
use crate::compression::Compression;
use crate::hostile::{archive, file, gzip};
use crate::layer_stream::{BlobStream, LayerStream, with_content};

/// Pieces of 512 bytes, then an error or silence.
struct Pieces {
    bytes: Bytes,
    dropped: Arc<AtomicBool>,
    /// After so many pieces comes what does not belong there.
    until: usize,
    silent: bool,
}

impl Pieces {
    fn new(bytes: &[u8], until: usize) -> Self {
        Self {
            bytes: Bytes::copy_from_slice(bytes),
            dropped: Arc::default(),
            until,
            silent: false,
        }
    }
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Content for Pieces {
    async fn open(&self, _: Span) -> Result<Chunks, Error> {
        let pieces: Vec<_> = self.bytes.chunks(512).map(Bytes::copy_from_slice).collect();
        let (until, silent, guard) = (self.until, self.silent, SetOnDrop(self.dropped.clone()));
        let whole = pieces.len() <= until;
        let first = stream::iter(pieces.into_iter().take(until).map(Ok));
        let after = stream::once(poll_fn(move |_| {
            let _held = &guard;
            match silent {
                true => Poll::Pending,
                false => Poll::Ready(Err(Error::new(ErrorKind::Store, "the source broke off"))),
            }
        }));
        Ok(match whole {
            true => first.boxed(),
            false => first.chain(after).boxed(),
        })
    }
}

fn listed(content: &Pieces, compression: Compression, diff_id: &Digest) -> Result<u64, ErrorKind> {
    let (media_type, diff_id) = (compression.media_type(), diff_id.clone());
    let runtime = runtime();
    let listed = with_content(
        content,
        content.bytes.len() as u64,
        &*runtime,
        move |blob: BlobStream| {
            let mut budget = budget(ImageLimits::new());
            let mut stream = LayerStream::open(blob, &media_type, &diff_id, &mut budget)?;
            let mut count = 0;
            while stream.next()?.is_some() {
                count += 1;
            }
            stream.finish(&diff_id)?;
            Ok(count)
        },
    );
    block_on(listed).map_err(|error| error.kind())
}

/// Content that does not shrink to nothing.
fn noise(len: u32) -> Vec<u8> {
    (0..len)
        .map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect()
}

#[test]
fn u16_a_source_that_breaks_off_at_any_piece_is_the_error() {
    let tar = archive(&[file("a", &noise(3000)), file("b", b"x")]);
    for (compression, blob) in [(Compression::None, tar.clone()), (Compression::Gzip, gzip(&tar))] {
        let (pieces, diff_id) = (blob.len().div_ceil(512), Digest::sha256(&tar));
        for until in 0..pieces {
            let content = Pieces::new(&blob, until);
            assert_eq!(
                listed(&content, compression, &diff_id),
                Err(ErrorKind::Store),
                "{compression:?} {until}"
            );
            assert!(content.dropped.load(Ordering::SeqCst));
        }
        assert_eq!(listed(&Pieces::new(&blob, pieces), compression, &diff_id), Ok(2));
    }
}

#[test]
fn u16_a_blob_that_is_damaged_at_any_block_is_an_error() {
    let tar = archive(&[file("a", &noise(3000)), file("b", b"x")]);
    for (compression, blob) in [(Compression::None, tar.clone()), (Compression::Gzip, gzip(&tar))] {
        for at in (0..blob.len()).step_by(128) {
            let mut damaged = blob.clone();
            damaged[at] ^= 0x55;
            let listed = listed(&Pieces::new(&damaged, usize::MAX), compression, &Digest::sha256(&tar));
            assert!(
                matches!(
                    listed,
                    Err(ErrorKind::Invalid | ErrorKind::Mismatch | ErrorKind::TooLarge | ErrorKind::Unsupported)
                ),
                "{compression:?} at {at}: {listed:?}"
            );
        }
    }
}

#[test]
fn u16_whoever_reads_may_stop_early() {
    let mut content = Pieces::new(&[7; 100_000], 10);
    content.silent = true;
    let runtime = runtime();
    // The source is silent by then: what has been asked of it is given up.
    let stopped = block_on(with_content(&content, 100_000, &*runtime, |mut blob| {
        blob.read_exact(&mut [0; 600])?;
        Err::<(), _>(Error::new(ErrorKind::Unsupported, "enough"))
    }));
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(content.dropped.load(Ordering::SeqCst));
}

#[test]
fn u16_a_dropped_future_ends_the_reading() {
    let mut content = Pieces::new(&[7; 5000], 2);
    content.silent = true;
    let (begun, has_begun) = oneshot::channel();
    let (ended, has_ended) = std::sync::mpsc::channel();
    let runtime = runtime();
    let reading = with_content(&content, 5000, &*runtime, move |mut blob| {
        blob.read_exact(&mut [0; 1024])?;
        begun.send(()).unwrap();
        let rest = blob.read_to_end(&mut Vec::new());
        ended.send(rest.unwrap_err().to_string()).unwrap();
        Ok(())
    });
    match block_on(select(Box::pin(reading), has_begun)) {
        Either::Left(_) => panic!("the source never ends"),
        Either::Right((begun, reading)) => {
            begun.unwrap();
            drop(reading);
        }
    }
    assert!(has_ended.recv().unwrap().contains("given up"));
    assert!(content.dropped.load(Ordering::SeqCst));
}

/// A media type that says one thing of content that is another.
#[test]
fn u16_content_is_never_tried_in_another_way() {
    let tar = archive(&[file("a", b"x")]);
    for media_type in [MediaType::IMAGE_LAYER_GZIP, MediaType::IMAGE_LAYER_ZSTD] {
        let error = super::whole(&tar, &media_type, ImageLimits::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}
