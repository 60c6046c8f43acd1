//! Uploads whose content fails: the error is the content's own, and nothing stays in the registry.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use oci_client_core::client::{Chunks, Content, FileContent, Repository};
use oci_client_core::proto::{HostProfile, RetryPolicy, Span};
use oci_client_core::store::{CopyOptions, copy};
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::Mismatch;
use test_support::{Fault, FaultyTransport, Recorder, SimRuntime};

use crate::support::{Image, app, blob_path, builder, layer, noise, profile, repository, tag, target};

/// Uploads in one request, and in a session.
const SMALL_BLOBS: [u64; 2] = [HostProfile::SMALL_BLOB, 10];

fn pushing(runtime: &SimRuntime, registry: &Recorder<Registry>, small_blob: u64) -> Repository {
    let profile = profile(RetryPolicy::new()).with_small_blob(small_blob);
    app(&builder(runtime, registry.clone()).profile(profile).build())
}

/// Content that fails after its first half.
struct Failing(Bytes);

#[async_trait]
impl Content for Failing {
    async fn open(&self, _span: Span) -> Result<Chunks, Error> {
        let half = self.0.slice(..self.0.len() / 2);
        let failure = Error::new(ErrorKind::Invalid, "the disk is on fire");
        Ok(Box::pin(stream::iter([Ok(half), Err(failure)])))
    }
}

#[test]
fn content_that_fails_half_way_is_the_error_and_the_session_is_given_up() {
    let content = noise(1, 1000);
    for small_blob in SMALL_BLOBS {
        let runtime = SimRuntime::new();
        let recorder = Recorder::new(Registry::in_memory());
        let there = pushing(&runtime, &recorder, small_blob);
        let error = runtime
            .run(there.push_blob(&layer(&content), Arc::new(Failing(content.clone()))))
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Invalid, "the disk is on fire")
        );
        assert!(!runtime.run(there.has_blob(&layer(&content).digest)).unwrap());
        let (opened, cancelled) = (
            recorder.count_where(|request| request.status == Some(202)),
            recorder.count_where(|request| request.method == "DELETE"),
        );
        assert_eq!(opened, cancelled);
        assert_eq!(
            recorder.count_where(|request| request.sent > 0),
            1,
            "{:?}",
            recorder.lines()
        );
    }
}

#[test]
fn content_that_cannot_be_opened_is_the_error() {
    let runtime = SimRuntime::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing");
    let there = repository(&runtime, Registry::in_memory());
    let content = FileContent::new(&path, Arc::new(runtime.clone()));
    let error = runtime
        .run(there.push_blob(&layer(b"x"), Arc::new(content)))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}

#[test]
fn a_copy_whose_source_fails_says_what_is_wrong_with_the_source() {
    let image = Image::new(1, &[1000]);
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let honest = repository(&runtime, registry.clone());
    runtime
        .run(copy(
            &image.store("v1"),
            &target("v1"),
            &honest,
            Some(&tag("v1")),
            &CopyOptions::new(),
        ))
        .unwrap();
    let wrong = |seed| {
        let source = FaultyTransport::new(registry.clone(), &runtime, seed).with_rate(50);
        let source = Arc::new(source);
        let there = repository(&runtime, Registry::in_memory());
        let copied = runtime.run(copy(
            &repository(&runtime, source.clone()),
            &target("v1"),
            &there,
            None,
            &CopyOptions::new(),
        ));
        let corrupted = source
            .faults()
            .iter()
            .any(|fault| matches!(fault, Fault::Corrupted { .. }));
        copied
            .err()
            .filter(|error| corrupted && error.operation() == Some("pull blob"))
    };
    let error = (0..1000).find_map(wrong).unwrap();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    assert!(matches!(error.mismatch(), Some(Mismatch::Digest { .. })));
}

#[test]
fn content_that_is_not_what_was_announced_is_refused_and_the_session_is_given_up() {
    let content = noise(1, 1000);
    for wrong in [noise(2, 1000), noise(2, 999)] {
        for small_blob in SMALL_BLOBS {
            let runtime = SimRuntime::new();
            let recorder = Recorder::new(Registry::in_memory());
            let there = pushing(&runtime, &recorder, small_blob);
            let error = runtime
                .run(there.push_blob(&layer(&content), Arc::new(wrong.clone())))
                .unwrap_err();
            assert!(
                error.to_string().starts_with("push blob: ") || error.kind() == ErrorKind::Store,
                "{error}"
            );
            assert!(!runtime.run(there.has_blob(&layer(&content).digest)).unwrap());
        }
    }
}

#[test]
fn an_empty_blob_goes_up_and_comes_down() {
    for small_blob in SMALL_BLOBS {
        let runtime = SimRuntime::new();
        let there = pushing(&runtime, &Recorder::new(Registry::in_memory()), small_blob);
        let empty = layer(b"");
        runtime.run(there.push_blob(&empty, Arc::new(Bytes::new()))).unwrap();
        assert_eq!(runtime.run(there.blob(&empty).unwrap().bytes(0)).unwrap(), "");
        assert!(runtime.run(there.has_blob(&empty.digest)).unwrap());
    }
}

#[test]
fn a_blob_is_deleted_and_gone() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Registry::in_memory());
    let there = pushing(&runtime, &recorder, SMALL_BLOBS[0]);
    let content = noise(3, 100);
    runtime.run(async {
        there
            .push_blob(&layer(&content), Arc::new(content.clone()))
            .await
            .unwrap();
        there.delete_blob(&layer(&content).digest).await.unwrap();
        assert!(!there.has_blob(&layer(&content).digest).await.unwrap());
        let error = there.delete_blob(&layer(&content).digest).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
    assert_eq!(
        recorder.lines()[1],
        format!("DELETE {}", blob_path(&layer(&content).digest))
    );
}
