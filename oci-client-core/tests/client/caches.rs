//! What a cached source keeps, how much of it, and what a reader notices of that.

mod doubles;
mod strange;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_client_core::proto::Span;
use oci_client_core::store::{CacheStore, CachedSource, CopyOptions, MemoryStore, OciLayout, Source, Stored, copy};
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::Descriptor;
use test_support::SimRuntime;

use self::doubles::{Counting, Full, Pieces};
use crate::support::{HOST, Image, app, builder, by_digest, files_below, layer, noise, tag, target};

/// A cache in memory and one in a folder.
async fn caches(runtime: &SimRuntime, folder: &tempfile::TempDir) -> [Arc<dyn CacheStore>; 2] {
    let layout = OciLayout::create(folder.path(), Arc::new(runtime.clone()))
        .await
        .unwrap();
    [Arc::new(MemoryStore::new()), Arc::new(layout)]
}

async fn cached(source: &Arc<Counting>, cache: &Arc<dyn CacheStore>, limit: u64) -> CachedSource {
    CachedSource::new(source.clone(), cache.clone(), limit).await.unwrap()
}

async fn read(source: &dyn Source, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
    let chunks = source
        .blob(descriptor)
        .await?
        .open(Span::new(0, descriptor.size))
        .await?;
    Ok(chunks.try_collect::<Vec<Bytes>>().await?.concat())
}

#[test]
fn what_was_read_once_is_not_fetched_again_and_tags_are_asked_for_each_time() {
    let (image, runtime, folder) = (
        Image::new(1, &[10, 300_000]),
        SimRuntime::new(),
        tempfile::tempdir().unwrap(),
    );
    runtime.run(async {
        for cache in caches(&runtime, &folder).await {
            let source = Counting::of(image.store("v1"));
            let source_cached = cached(&source, &cache, 1 << 20).await;
            for round in 0..3 {
                let memory = MemoryStore::new();
                copy(&source_cached, &target("v1"), &memory, None, &CopyOptions::new())
                    .await
                    .unwrap();
                for (blob, content) in image.manifest().blobs().zip(&image.blobs) {
                    assert_eq!(read(&memory, blob).await.unwrap(), *content);
                }
                assert_eq!(source.counted(), (round + 1, 3));
            }
            let found = source_cached.manifest(&by_digest(image.digest())).await.unwrap();
            assert_eq!(found.bytes(), image.document.bytes());
            for blob in image.manifest().blobs() {
                source_cached.check_blob(blob).await.unwrap();
            }
            assert_eq!(source.counted(), (3, 3));
            let sizes: u64 = image.manifest().blobs().map(|blob| blob.size).sum();
            assert_eq!(source_cached.size(), sizes + image.document.bytes().len() as u64);
            assert_eq!(source_cached.tags().await.unwrap(), [tag("v1")]);
            assert_eq!(source_cached.referrers(image.digest()).await.unwrap(), []);
        }
    });
}

/// The limit holds at every moment, whatever is read in whatever order.
#[test]
fn there_is_never_more_than_the_limit_and_the_least_used_goes_first() {
    const LIMIT: u64 = 10_000;
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let contents: Vec<Bytes> = (0..12).map(|seed| noise(seed, 500 + 300 * seed as usize)).collect();
    let store = MemoryStore::new();
    let blobs: Vec<Descriptor> = contents.iter().map(|content| layer(content)).collect();
    for (blob, content) in blobs.iter().zip(&contents) {
        store.add_content(blob, Arc::new(content.clone()));
    }
    let huge = noise(99, 10_001);
    store.add_content(&layer(&huge), Arc::new(huge.clone()));
    let source = Counting::of(store);
    runtime.run(async {
        for (number, cache) in caches(&runtime, &folder).await.into_iter().enumerate() {
            let source_cached = cached(&source, &cache, LIMIT).await;
            let mut order = test_support::Rng::new(number as u64);
            for _ in 0..200 {
                let chosen = order.bytes(1)[0] as usize % blobs.len();
                assert_eq!(read(&source_cached, &blobs[chosen]).await.unwrap(), contents[chosen]);
                let there: u64 = cache.take_stock().await.unwrap().iter().map(|(_, size)| size).sum();
                assert!(there <= LIMIT && there == source_cached.size(), "{there}");
                assert!(cache.has_blob(&blobs[chosen]).await.unwrap());
            }
            // What is too large is read all the same.
            assert_eq!(read(&source_cached, &layer(&huge)).await.unwrap(), huge);
            assert!(!cache.has_blob(&layer(&huge)).await.unwrap());

            // The one that was read last stays where room is needed.
            for kept in [0, 1] {
                read(&source_cached, &blobs[kept]).await.unwrap();
            }
            read(&source_cached, &blobs[11]).await.unwrap();
            read(&source_cached, &blobs[0]).await.unwrap();
            read(&source_cached, &blobs[10]).await.unwrap();
            read(&source_cached, &blobs[9]).await.unwrap();
            assert!(cache.has_blob(&blobs[0]).await.unwrap());
            assert!(!cache.has_blob(&blobs[1]).await.unwrap());
        }
    });
}

#[test]
fn a_cache_is_taken_over_by_the_next_process_and_cut_down_to_its_limit() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let image = Image::new(1, &[1000, 2000]);
    let path = folder.path().join("cache");
    runtime.run(async {
        let open = || OciLayout::create(&path, Arc::new(runtime.clone()));
        let source = Counting::of(image.store("v1"));
        let cache: Arc<dyn CacheStore> = Arc::new(open().await.unwrap());
        let first = cached(&source, &cache, 1 << 20).await;
        let copied = MemoryStore::new();
        copy(&first, &target("v1"), &copied, None, &CopyOptions::new())
            .await
            .unwrap();
        std::fs::write(path.join("blobs/sha256/.partial-x"), "left by a broken writer").unwrap();

        let before = first.size();
        let cache: Arc<dyn CacheStore> = Arc::new(open().await.unwrap());
        let second = cached(&source, &cache, 1 << 20).await;
        assert_eq!(second.size(), before);
        assert!(
            !files_below(&path)
                .iter()
                .any(|file| file.to_string_lossy().contains(".partial-"))
        );
        let (_, fetched) = source.counted();
        copy(&second, &target("v1"), &MemoryStore::new(), None, &CopyOptions::new())
            .await
            .unwrap();
        assert_eq!(source.counted().1, fetched);

        let smaller = cached(&source, &cache, 2500).await;
        assert!(smaller.size() <= 2500);
        let there: u64 = cache.take_stock().await.unwrap().iter().map(|(_, size)| size).sum();
        assert_eq!(there, smaller.size());
    });
}

#[test]
fn a_store_that_has_something_to_keep_is_no_cache() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let image = Image::new(1, &[]);
    runtime.run(async {
        for cache in caches(&runtime, &folder).await {
            copy(
                &image.store("v1"),
                &target("v1"),
                &*cache,
                Some(&tag("v1")),
                &CopyOptions::new(),
            )
            .await
            .unwrap();
            let error = CachedSource::new(Arc::new(MemoryStore::new()), cache, 1)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misuse);
            assert!(error.to_string().contains("of its own"), "{error}");
        }
    });
}

/// C28: what is wrong is neither passed on nor kept, and what is damaged in the cache is replaced.
#[test]
fn c28_wrong_content_is_neither_passed_on_nor_kept() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let whole = noise(1, 5000);
    let blob = layer(&whole);
    runtime.run(async {
        for cache in caches(&runtime, &folder).await {
            for wrong in [noise(2, 5000), whole.slice(..4999), noise(1, 5001), Bytes::new()] {
                let store = MemoryStore::new();
                store.add_content(&blob, Arc::new(Pieces(wrong)));
                let source_cached = cached(&Counting::of(store), &cache, 1 << 20).await;
                let content = source_cached.blob(&blob).await.unwrap();
                let mut chunks = content.open(Span::from(0)).await.unwrap();
                let mut got = Vec::new();
                let error = loop {
                    match chunks.next().await {
                        Some(Ok(chunk)) => got.extend_from_slice(&chunk),
                        Some(Err(error)) => break error,
                        None => panic!("wrong content ends like right content"),
                    }
                };
                assert_eq!(error.kind(), ErrorKind::Mismatch);
                assert!(got.len() < whole.len());
                assert!(!cache.has_blob(&blob).await.unwrap());
                assert_eq!(source_cached.size(), 0);
            }
        }
    });
}

#[test]
fn c28_what_is_damaged_in_the_cache_is_found_out_and_fetched_again() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let whole = noise(1, 5000);
    let blob = layer(&whole);
    runtime.run(async {
        let cache = caches(&runtime, &folder).await[1].clone();
        let store = MemoryStore::new();
        store.add_content(&blob, Arc::new(whole.clone()));
        let source = Counting::of(store);
        let source_cached = cached(&source, &cache, 1 << 20).await;
        read(&source_cached, &blob).await.unwrap();
        let file = folder.path().join("blobs/sha256").join(blob.digest.encoded_string());
        for damaged in [&noise(2, 5000)[..], &whole[..4999], b""] {
            std::fs::write(&file, damaged).unwrap();
            // Either it is an error or it is right; it is never wrong.
            if let Ok(found) = read(&source_cached, &blob).await {
                assert_eq!(found, whole);
            }
            assert_eq!(read(&source_cached, &blob).await.unwrap(), whole);
            assert_eq!(std::fs::read(&file).unwrap(), whole);
        }
        // One that somebody has removed is fetched within the same reading.
        let content = source_cached.blob(&blob).await.unwrap();
        std::fs::remove_file(&file).unwrap();
        let chunks = content.open(Span::from(0)).await.unwrap();
        assert_eq!(chunks.try_collect::<Vec<Bytes>>().await.unwrap().concat(), whole);
    });
}

/// P24: a reader that goes away leaves nothing behind, wherever it stops.
#[test]
fn p24_a_reading_that_is_dropped_keeps_nothing_and_holds_no_room() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let whole = noise(1, 5000);
    let blob = layer(&whole);
    let store = MemoryStore::new();
    store.add_content(&blob, Arc::new(Pieces(whole.clone())));
    let source = Counting::of(store);
    runtime.run(async {
        for cache in caches(&runtime, &folder).await {
            let source_cached = cached(&source, &cache, 6000).await;
            for pieces in 0..4 {
                let content = source_cached.blob(&blob).await.unwrap();
                let mut chunks = content.open(Span::from(0)).await.unwrap();
                for _ in 0..pieces {
                    chunks.next().await.unwrap().unwrap();
                }
                assert_eq!(source_cached.size(), 5000);
                drop(chunks);
                assert_eq!(source_cached.size(), 0);
                assert!(!cache.has_blob(&blob).await.unwrap());
            }
            // A part is not kept either.
            let content = source_cached.blob(&blob).await.unwrap();
            let part = content.open(Span::new(1000, 500)).await.unwrap();
            assert_eq!(
                part.try_collect::<Vec<Bytes>>().await.unwrap().concat(),
                whole[1000..1500]
            );
            assert_eq!(source_cached.size(), 0);
        }
    });
}

#[test]
fn two_readers_at_once_fetch_twice_keep_once_and_do_not_wait_for_each_other() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let whole = noise(1, 5000);
    let blob = layer(&whole);
    let store = MemoryStore::new();
    store.add_content(&blob, Arc::new(Pieces(whole.clone())));
    runtime.run(async {
        for cache in caches(&runtime, &folder).await {
            let source = Counting::of(MemoryStore::new());
            source.store.add_content(&blob, Arc::new(Pieces(whole.clone())));
            let source_cached = cached(&source, &cache, 6000).await;
            let mut first = source_cached
                .blob(&blob)
                .await
                .unwrap()
                .open(Span::from(0))
                .await
                .unwrap();
            first.next().await.unwrap().unwrap();
            // The first one stands still.
            assert_eq!(read(&source_cached, &blob).await.unwrap(), whole);
            assert!(!cache.has_blob(&blob).await.unwrap());
            first.try_collect::<Vec<Bytes>>().await.unwrap();
            assert!(cache.has_blob(&blob).await.unwrap());
            assert_eq!((source.counted().1, source_cached.size()), (2, 5000));
        }
    });
}

#[test]
fn a_cache_that_cannot_be_written_costs_the_reader_nothing() {
    let (runtime, image) = (SimRuntime::new(), Image::new(1, &[10, 70_000]));
    let source = Counting::of(image.store("v1"));
    runtime.run(async {
        for fails_after in [0, 1] {
            let cache: Arc<dyn CacheStore> = Arc::new(Full { fails_after });
            let source_cached = cached(&source, &cache, 1 << 20).await;
            let memory = MemoryStore::new();
            copy(&source_cached, &target("v1"), &memory, None, &CopyOptions::new())
                .await
                .unwrap();
            for (blob, content) in image.manifest().blobs().zip(&image.blobs) {
                assert_eq!(read(&memory, blob).await.unwrap(), *content);
            }
            assert_eq!(source_cached.size(), 0);
        }
    });
}

#[test]
fn a_blob_that_the_registry_can_mount_is_mounted_and_not_read() {
    let (runtime, image) = (SimRuntime::new(), Image::new(1, &[10]));
    let client = builder(&runtime, Registry::in_memory()).build();
    let from = app(&client);
    let to = client
        .registry(&HOST.parse().unwrap())
        .repository("other".parse().unwrap());
    runtime.run(async {
        copy(
            &image.store("v1"),
            &target("v1"),
            &from,
            Some(&tag("v1")),
            &CopyOptions::new(),
        )
        .await
        .unwrap();
        let cache = Arc::new(MemoryStore::new());
        let source_cached = CachedSource::new(Arc::new(from), cache.clone(), 1 << 20).await.unwrap();
        let stored = Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = stored.clone();
        let options = CopyOptions::new().with_observer(move |event| seen.lock().unwrap().push(event.stored));
        copy(&source_cached, &target("v1"), &to, Some(&tag("v1")), &options)
            .await
            .unwrap();
        assert_eq!(*stored.lock().unwrap(), [Stored::Mounted; 2]);
        assert!(cache.content(&image.manifest().config.digest).is_none());
    });
}
