//! Blobs that are not what was asked for (C01, C03, C05, C06, C07, C17): errors that say what was expected and found, and nothing is left.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use oci_client_core::client::Repository;
use oci_client_core::proto::Span;
use oci_client_core::store::{MemoryStore, OciLayout, Source, Target};
use oci_client_core::transport::TransportErrorKind;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, Digest, Mismatch};
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{files_below, impatient, layer, noise};

const CONTENT: &[u8] = b"the content of a layer";

#[test]
fn cp6_c01_a_wrong_byte_is_an_error_that_names_both_digests() {
    let mut wrong = CONTENT.to_vec();
    wrong[3] ^= 1;
    let found = Digest::sha256(&wrong);
    for reply in [Reply::new(200).with_body(wrong.clone()), in_pieces(&wrong)] {
        let error = refused(&reply, &layer(CONTENT));
        assert_eq!(differing_digests(&error), (Digest::sha256(CONTENT), found.clone()));
        let text = error.to_string();
        assert!(
            text.contains(&Digest::sha256(CONTENT).to_string()) && text.contains(&found.to_string()),
            "{text}"
        );
    }
}

#[test]
fn c03_a_docker_content_digest_that_is_another_is_an_error_before_the_body_is_read() {
    let other = Digest::sha256(b"other");
    let reply = Reply::new(200)
        .with_header("docker-content-digest", other.to_string())
        .with_body(CONTENT);
    let error = refused(&reply, &layer(CONTENT));
    assert_eq!(differing_digests(&error), (Digest::sha256(CONTENT), other));
    assert_eq!(taken(reply), 0);

    let malformed = Reply::new(200)
        .with_header("docker-content-digest", b"sha256:\xff")
        .with_body(CONTENT);
    assert_eq!(refused(&malformed, &layer(CONTENT)).kind(), ErrorKind::Protocol);
}

#[test]
fn c03_a_docker_content_digest_by_another_algorithm_is_no_contradiction() {
    let reply = Reply::new(200)
        .with_header("docker-content-digest", Digest::sha512(b"whatever").to_string())
        .with_body(CONTENT);
    assert_eq!(taken(reply), CONTENT.len() as u64);
}

#[test]
fn cp6_c05_a_body_that_ends_early_is_an_error_wherever_it_ends() {
    let content = noise(5, 1000);
    let size = content.len();
    for length in [0, 1, size / 2, size - 1] {
        let part = Reply::new(200).with_piece(content.slice(..length));
        let error = refused(&part, &layer(&content));
        let expected = Mismatch::TooShort {
            digest: Box::new(Digest::sha256(&content)),
            expected: size as u64,
            found: length as u64,
        };
        assert_eq!(error.mismatch(), Some(&expected), "{error}");
        assert_names_sizes(&error, size, length);
        for kind in [TransportErrorKind::Body, TransportErrorKind::Reset] {
            let error = refused(&part.clone().breaking_off(kind), &layer(&content));
            assert_eq!(
                (error.kind(), error.transport().map(|cause| cause.kind())),
                (ErrorKind::Transport, Some(kind))
            );
        }
    }
}

#[test]
fn cp6_c06_a_body_that_goes_on_is_an_error_and_is_not_read_on() {
    for surplus in [1, 100_000] {
        let mut long = CONTENT.to_vec();
        long.resize(CONTENT.len() + surplus, 0);
        let error = refused(&in_pieces(&long), &layer(CONTENT));
        assert!(matches!(error.mismatch(), Some(Mismatch::TooLong { .. })), "{error}");
        assert_names_sizes(&error, CONTENT.len(), CONTENT.len() + 1);
    }
    let endless = Reply::new(200).with_endless(vec![0; 16 << 10]);
    assert!(matches!(
        refused(&endless, &layer(CONTENT)).mismatch(),
        Some(Mismatch::TooLong { .. })
    ));
    assert!(taken(endless) <= CONTENT.len() as u64 + (64 << 10));
}

#[test]
fn c07_a_content_length_that_is_another_is_an_error_before_the_body_is_read() {
    for found in [0, 1, CONTENT.len() - 1, CONTENT.len() + 1, 1 << 40] {
        let reply = Reply::new(200)
            .with_header("content-length", found.to_string())
            .with_piece(CONTENT);
        let error = refused(&reply, &layer(CONTENT));
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        assert_names_sizes(&error, CONTENT.len(), found);
        assert_eq!(taken(reply), 0);
    }
}

#[test]
fn c17_a_coded_body_is_an_error_before_it_is_read() {
    let codings: [&[u8]; 5] = [b"gzip", b"br", b"zstd", b"identity, gzip", b"\xff"];
    for coding in codings {
        let reply = Reply::new(200)
            .with_header("content-encoding", coding)
            .with_body(CONTENT);
        assert_eq!(refusal(&reply, &layer(CONTENT)).kind(), ErrorKind::Protocol);
        assert_eq!(taken(reply), 0);
    }
    for none in ["", "identity", "Identity", "aws-chunked"] {
        let reply = Reply::new(200).with_header("content-encoding", none).with_body(CONTENT);
        assert_eq!(taken(reply), CONTENT.len() as u64);
    }
}

#[test]
fn c17_no_coding_is_asked_for() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, |_| Reply::new(200).with_body(CONTENT)));
    runtime
        .run(
            impatient(&runtime, recorder.clone())
                .blob(&layer(CONTENT))
                .unwrap()
                .bytes(1000),
        )
        .unwrap();
    assert_eq!(recorder.requests()[0].header("accept-encoding"), Some("identity"));
}

#[test]
fn c02_a_digest_that_cannot_be_computed_is_refused_before_any_request() {
    let runtime = SimRuntime::new();
    let repository = impatient(
        &runtime,
        Recorder::new(Responder::new(&runtime, |_| Reply::new(200))).with_budget(0),
    );
    let digest: Digest = "md5:d41d8cd98f00b204e9800998ecf8427e".parse().unwrap();
    let error = repository
        .blob(&Descriptor::new(layer(b"").media_type, digest.clone(), 0))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("md5"), "{error}");
}

/// The same, where it is the content: the error names it.
fn refused(reply: &Reply, descriptor: &Descriptor) -> Error {
    let error = refusal(reply, descriptor);
    let text = error.to_string();
    assert!(text.contains(&descriptor.digest.to_string()), "{text}");
    error
}

/// Reads the blob `descriptor` in each way that there is from a server that gives `reply`. All must fail alike and leave nothing
/// behind.
fn refusal(reply: &Reply, descriptor: &Descriptor) -> Error {
    let runtime = SimRuntime::new();
    let repository = serving(&runtime, reply.clone());
    let error = runtime
        .run(repository.blob(descriptor).unwrap().bytes(1 << 20))
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("pull blob: ") && text.contains("[https://registry.test/v2/app/blobs/sha256:"),
        "{text}"
    );

    let folder = tempfile::tempdir().unwrap();
    let saved = runtime
        .run(repository.blob(descriptor).unwrap().save(folder.path().join("layer")))
        .unwrap_err();
    assert_eq!(saved.to_string(), text);
    assert_eq!(files_below(folder.path()), Vec::<PathBuf>::new());

    let layout = runtime
        .run(OciLayout::create(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    let memory = MemoryStore::new();
    let before = files_below(folder.path());
    for store in [&memory as &dyn Target, &layout] {
        let source: &dyn Source = &repository;
        let put = runtime.run(async { store.put_blob(descriptor, source.blob(descriptor).await?).await });
        assert_eq!(put.unwrap_err().to_string(), text);
    }
    assert_eq!(files_below(folder.path()), before);
    assert!(memory.content(&descriptor.digest).is_none());
    error
}

/// How many bytes a client takes that wants `CONTENT` and is given `reply`.
fn taken(reply: Reply) -> u64 {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, move |_| reply.clone()));
    // Whether it works out is for others to see.
    let _ = runtime.run(
        impatient(&runtime, recorder.clone())
            .blob(&layer(CONTENT))
            .unwrap()
            .bytes(1 << 20),
    );
    recorder.received()
}

fn serving(runtime: &SimRuntime, reply: Reply) -> Repository {
    impatient(runtime, Responder::new(runtime, move |_| reply.clone()))
}

/// The content byte by byte, without a length.
fn in_pieces(content: &[u8]) -> Reply {
    content
        .iter()
        .fold(Reply::new(200), |reply, byte| reply.with_piece(vec![*byte]))
}

fn differing_digests(error: &Error) -> (Digest, Digest) {
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    match error.mismatch() {
        Some(Mismatch::Digest { expected, found }) => ((**expected).clone(), (**found).clone()),
        _ => panic!("{error:?}"),
    }
}

fn assert_names_sizes(error: &Error, expected: usize, found: usize) {
    let text = error.to_string();
    assert!(
        text.contains(&format!("expected {expected} bytes")) && text.contains(&found.to_string()),
        "{text}"
    );
}

#[test]
fn c01_a_damaged_file_of_a_layout_ends_its_reading_in_an_error() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let layout = runtime
        .run(OciLayout::create(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    let content = noise(1, 100_000);
    let descriptor = layer(&content);
    runtime.run(layout.put_blob(&descriptor, Arc::new(content))).unwrap();
    let path = folder
        .path()
        .join("blobs/sha256")
        .join(descriptor.digest.encoded_string());
    std::fs::write(path, noise(2, 100_000)).unwrap();
    assert_eq!(
        read_whole(&runtime, &layout, &descriptor).unwrap_err().kind(),
        ErrorKind::Mismatch
    );
}

#[test]
fn c01_wrong_content_in_memory_ends_its_reading_in_an_error() {
    let (runtime, store) = (SimRuntime::new(), MemoryStore::new());
    let descriptor = layer(CONTENT);
    for wrong in ["the content of a LAYER", "the content of a layer and more", "the"] {
        store.add_content(&descriptor, Arc::new(Bytes::from(wrong)));
        assert_eq!(
            read_whole(&runtime, &store, &descriptor).unwrap_err().kind(),
            ErrorKind::Mismatch,
            "{wrong}"
        );
    }
    store.add_content(&descriptor, Arc::new(Bytes::from(CONTENT)));
    assert_eq!(read_whole(&runtime, &store, &descriptor).unwrap(), CONTENT);
}

#[test]
fn cp6_c06_a_part_never_passes_for_the_whole() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let content = noise(1, 1000);
    let there = crate::support::repository(&runtime, oci_registry::Registry::in_memory());
    runtime
        .run(there.push_blob(&layer(&content), Arc::new(content.clone())))
        .unwrap();
    let remote = runtime.run(Source::blob(&there, &layer(&content))).unwrap();
    let layout = runtime
        .run(OciLayout::create(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    let mut shorter = layer(&content);
    shorter.size = 10;
    assert_eq!(
        runtime.run(layout.put_blob(&shorter, remote)).unwrap_err().kind(),
        ErrorKind::Mismatch
    );
    assert_eq!(files_below(&folder.path().join("blobs")), Vec::<PathBuf>::new());
}

#[cfg(unix)]
#[test]
fn a_file_gets_the_mode_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let there = impatient(
        &runtime,
        Responder::new(&runtime, |_| Reply::new(200).with_body(CONTENT.to_vec())),
    );
    let mode = |name: &str| {
        std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode()
    };
    runtime
        .run(there.blob(&layer(CONTENT)).unwrap().save(folder.path().join("saved")))
        .unwrap();
    std::fs::write(folder.path().join("any"), "").unwrap();
    assert_eq!(mode("saved"), mode("any"));
}

#[test]
fn a_file_that_would_lack_what_has_been_read_is_refused() {
    let content = noise(1, 300_000);
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let served = content.clone();
    let there = impatient(
        &runtime,
        Responder::new(&runtime, move |_| {
            let pieces = [0..100_000, 100_000..200_000, 200_000..300_000].map(|range| served.slice(range));
            pieces.into_iter().fold(Reply::new(200), Reply::with_piece)
        }),
    );
    for pieces in [1, 2, 4] {
        let mut begun = there.blob(&layer(&content)).unwrap();
        for _ in 0..pieces {
            runtime.run(begun.chunk()).unwrap();
        }
        let error = runtime.run(begun.save(folder.path().join("layer"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse);
        assert_eq!(files_below(folder.path()), Vec::<PathBuf>::new());
    }
}

fn read_whole(runtime: &SimRuntime, source: &dyn Source, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
    runtime.run(async {
        let mut chunks = source.blob(descriptor).await?.open(Span::from(0)).await?;
        let mut whole = Vec::new();
        while let Some(chunk) = chunks.try_next().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    })
}
