//! Graphs that are too large, too deep, or the same again and again (C18, C19).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use oci_client_core::ErrorKind;
use oci_client_core::store::{CopyOptions, MemoryStore};
use oci_spec_types::{Descriptor, ImageIndex, ImageManifest, MediaType};
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::copying::{copied, index, serving};
use crate::support::{Image, document, layer, noise, repository};

#[test]
fn c18_a_blob_that_is_listed_often_is_copied_once() {
    let content = noise(1, 100);
    let config = Bytes::from_static(b"{}");
    let layers = vec![layer(&content); 4096];
    let root = document(ImageManifest::new(
        Descriptor::of(MediaType::IMAGE_CONFIG, &config),
        layers,
    ));
    let runtime = SimRuntime::new();
    let recorder = serving(&runtime, &[root], &[content, config]).with_budget(3);
    let memory = MemoryStore::new();
    let events = Arc::new(AtomicUsize::new(0));
    let seen = events.clone();
    let options = CopyOptions::new().with_observer(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
    });
    copied(&runtime, &repository(&runtime, recorder.clone()), &memory, &options).unwrap();
    assert_eq!((recorder.count(), events.load(Ordering::Relaxed)), (3, 2));
}

#[test]
fn c18_more_layers_than_the_limit_are_refused_before_any_blob_is_asked_for() {
    let layers = vec![
        r#"{"mediaType":"a/b","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;
        18_000
    ];
    let root = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}}"#,
        MediaType::IMAGE_MANIFEST,
        layers[0],
        layers.join(",")
    );
    let runtime = SimRuntime::new();
    let reply = Reply::new(200)
        .with_header("content-type", MediaType::IMAGE_MANIFEST.as_str())
        .with_body(root);
    let recorder = Recorder::new(Responder::new(&runtime, move |_| reply.clone())).with_budget(1);
    let source = repository(&runtime, recorder);
    let error = copied(&runtime, &source, &MemoryStore::new(), &CopyOptions::new()).unwrap_err();
    assert!(error.to_string().contains("$.layers"), "{error}");
}

#[test]
fn c19_indexes_nested_too_deep_are_refused_without_walking_them_all() {
    let mut chain = vec![Image::new(1, &[]).document];
    for _ in 0..3000 {
        let next = index(&[chain.last().unwrap()]);
        chain.push(next);
    }
    let runtime = SimRuntime::new();
    let recorder = serving(&runtime, &chain, &[]).with_budget(CopyOptions::MAX_DEPTH + 1);
    let source = repository(&runtime, recorder.clone());
    let error = copied(&runtime, &source, &MemoryStore::new(), &CopyOptions::new()).unwrap_err();
    assert_eq!(
        (error.kind(), recorder.count()),
        (ErrorKind::TooLarge, CopyOptions::MAX_DEPTH + 1)
    );
    assert!(error.to_string().contains('8'), "{error}");
}

#[test]
fn c19_indexes_nested_as_deep_as_allowed_are_copied() {
    let image = Image::new(1, &[]);
    let mut chain = vec![image.document.clone()];
    for _ in 0..CopyOptions::MAX_DEPTH {
        let next = index(&[chain.last().unwrap()]);
        chain.push(next);
    }
    let runtime = SimRuntime::new();
    let source = repository(&runtime, serving(&runtime, &chain, &image.blobs));
    copied(&runtime, &source, &MemoryStore::new(), &CopyOptions::new()).unwrap();
}

#[test]
fn c19_an_index_of_more_entries_than_the_limit_is_refused_at_once() {
    let entry = Image::new(1, &[]).document.descriptor();
    let root = document(ImageIndex::new(vec![entry; 10_000]));
    let many = String::from_utf8(root.bytes().to_vec()).unwrap();
    let entry = serde_json::to_string(&root.value().as_index().unwrap().manifests[0]).unwrap();
    let many = many.replacen("\"manifests\":[", &format!("\"manifests\":[{entry},"), 1);
    let runtime = SimRuntime::new();
    let reply = Reply::new(200)
        .with_header("content-type", MediaType::IMAGE_INDEX.as_str())
        .with_body(many);
    let recorder = Recorder::new(Responder::new(&runtime, move |_| reply.clone())).with_budget(1);
    let source = repository(&runtime, recorder);
    let error = copied(&runtime, &source, &MemoryStore::new(), &CopyOptions::new()).unwrap_err();
    assert!(error.to_string().contains("$.manifests"), "{error}");
}

#[test]
fn c19_a_manifest_reached_by_many_ways_is_copied_once() {
    let image = Image::new(1, &[10]);
    // Each level names the one below twice: 2^8 ways to the image.
    let mut levels = vec![image.document.clone()];
    for level in 0..CopyOptions::MAX_DEPTH {
        let below = levels.last().unwrap().descriptor();
        let other = below.clone().with_annotation("level", level.to_string());
        levels.push(document(ImageIndex::new(vec![below, other])));
    }
    let runtime = SimRuntime::new();
    let recorder = serving(&runtime, &levels, &image.blobs).with_budget(levels.len() + image.blobs.len());
    copied(
        &runtime,
        &repository(&runtime, recorder),
        &MemoryStore::new(),
        &CopyOptions::new(),
    )
    .unwrap();
}
