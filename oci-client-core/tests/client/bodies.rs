//! Message bodies and the content of uploads.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use http_body::Body as _;
use oci_client_core::ErrorKind;
use oci_client_core::client::{Content, FileContent};
use oci_client_core::proto::Span;
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};
use oci_spec_types::{Digest, MediaType};
use test_support::SimRuntime;

use crate::support::noise;

fn streamed(pieces: &[&'static str], length: Option<u64>) -> Body {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| Ok(Bytes::from_static(piece.as_bytes())))
        .collect();
    Body::from_stream(stream::iter(pieces), length)
}

#[test]
fn a_body_gives_its_chunks_without_empty_ones() {
    let runtime = SimRuntime::new();
    let mut body = streamed(&["", "a", "", "bc", ""], None);
    runtime.run(async {
        assert_eq!(body.chunk().await.unwrap().unwrap(), "a");
        assert_eq!(body.chunk().await.unwrap().unwrap(), "bc");
        assert!(body.chunk().await.is_none());
    });
    assert!(runtime.run(Body::empty().chunk()).is_none());
}

#[test]
fn a_body_is_collected_up_to_the_limit() {
    let runtime = SimRuntime::new();
    for (limit, fits) in [(0, false), (4, false), (5, true), (usize::MAX, true)] {
        for body in [
            streamed(&["ab", "cde"], None),
            streamed(&["abcde"], None),
            Bytes::from_static(b"abcde").into(),
        ] {
            match runtime.run(body.collect(limit)) {
                Ok(content) => assert!(fits && content == "abcde"),
                Err(error) => assert!(!fits && error.kind() == TransportErrorKind::TooLarge),
            }
        }
    }
    assert_eq!(runtime.run(Body::empty().collect(0)).unwrap(), "");
}

#[test]
fn an_endless_body_is_collected_no_further_than_the_limit() {
    let endless = stream::repeat_with(|| Ok(Bytes::from_static(&[0; 1000])));
    let error = SimRuntime::new()
        .run(Body::from_stream(endless, None).collect(10_500))
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::TooLarge);
}

#[test]
fn a_body_knows_its_length_where_it_can() {
    let runtime = SimRuntime::new();
    let exact = |body: &Body| body.size_hint().exact();
    assert_eq!(exact(&Body::empty()), Some(0));
    assert_eq!(exact(&vec![1, 2, 3].into()), Some(3));
    assert_eq!(exact(&streamed(&["abc"], None)), None);
    let mut body = streamed(&["ab", "c"], Some(3));
    runtime.run(async {
        assert_eq!(exact(&body), Some(3));
        body.chunk().await.unwrap().unwrap();
        assert_eq!(exact(&body), Some(1));
        body.chunk().await.unwrap().unwrap();
        assert_eq!(exact(&body), Some(0));
    });
    assert!(Body::empty().is_end_stream() && !Body::from(vec![1]).is_end_stream());
}

#[test]
fn a_body_that_breaks_gives_the_error_of_its_transport() {
    let broken = || Err(TransportError::new(TransportErrorKind::Reset, "gone"));
    let pieces = || stream::iter([Ok(Bytes::from_static(b"ab")), broken()]);
    let error = SimRuntime::new()
        .run(Body::from_stream(pieces(), None).collect(100))
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (TransportErrorKind::Reset, "the connection was lost: gone")
    );
}

#[test]
fn content_is_opened_at_any_place() {
    let runtime = SimRuntime::new();
    let content = noise(1, 600_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &content).unwrap();
    let from_file = FileContent::new(file.path(), Arc::new(runtime.clone()));
    for source in [&content as &dyn Content, &from_file] {
        for span in [
            Span::new(0, 600_000),
            Span::from(0),
            Span::new(1, 300_000),
            Span::from(599_999),
            Span::new(600_000, 0),
        ] {
            let chunks: Vec<Bytes> = runtime
                .run(async { source.open(span).await.unwrap().try_collect().await })
                .unwrap();
            let end = span.len.map_or(600_000, |len| span.start + len);
            assert_eq!(chunks.concat(), content[span.start as usize..end as usize]);
            assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
        }
        let outside = [
            Span::new(0, 600_001),
            Span::new(600_000, 1),
            Span::new(u64::MAX, u64::MAX),
        ];
        for span in outside {
            let read = runtime.run(async { source.open(span).await?.try_collect::<Vec<Bytes>>().await });
            assert_eq!(read.unwrap_err().kind(), ErrorKind::Store, "{span:?}");
        }
    }
}

#[test]
fn a_file_is_described_by_its_digest_and_size() {
    let runtime = SimRuntime::new();
    let content = noise(2, 600_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &content).unwrap();
    let source = FileContent::new(file.path(), Arc::new(runtime.clone()));
    let descriptor = runtime.run(source.describe(MediaType::IMAGE_LAYER)).unwrap();
    assert_eq!(
        (descriptor.digest, descriptor.size),
        (Digest::sha256(&content), 600_000)
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_in_the_error() {
    let runtime = SimRuntime::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing");
    let source = FileContent::new(&path, Arc::new(runtime.clone()));
    let described = runtime.run(source.describe(MediaType::IMAGE_LAYER)).unwrap_err();
    let opened = runtime.run(source.open(Span::from(0))).err().unwrap();
    for error in [described, opened] {
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}
