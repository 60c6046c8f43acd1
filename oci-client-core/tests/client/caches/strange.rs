//! Caches that are not of this crate.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_channel::mpsc;
use futures_util::StreamExt as _;
use futures_util::future::join;
use oci_client_core::ErrorKind;
use oci_client_core::proto::Span;
use oci_client_core::runtime::Runtime as _;
use oci_client_core::store::{CacheStore, CachedSource, MemoryStore, OciLayout, Source as _};
use oci_spec_types::Descriptor;
use test_support::SimRuntime;

use super::doubles::{Counting, Detached, Pieces, Plain};
use super::read;
use crate::support::{files_below, layer, noise};

fn source(contents: &[Bytes]) -> (Arc<Counting>, Vec<Descriptor>) {
    let store = MemoryStore::new();
    let blobs: Vec<Descriptor> = contents.iter().map(|content| layer(content)).collect();
    for (blob, content) in blobs.iter().zip(contents) {
        store.add_content(blob, Arc::new(Pieces(content.clone())));
    }
    (Counting::of(store), blobs)
}

/// C28: whoever keeps the cache need not have verified anything.
#[test]
fn c28_what_is_damaged_in_a_cache_that_does_not_notice_is_fetched_again() {
    let runtime = SimRuntime::new();
    let whole = noise(1, 5000);
    let (source, blobs) = source(std::slice::from_ref(&whole));
    runtime.run(async {
        let cache = Arc::new(Plain::default());
        let cached = CachedSource::new(source, cache.clone(), 1 << 20).await.unwrap();
        read(&cached, &blobs[0]).await.unwrap();
        for damaged in [noise(2, 5000), whole.slice(..4999), noise(1, 5001)] {
            cache.memory.add_content(&blobs[0], Arc::new(Pieces(damaged)));
            match read(&cached, &blobs[0]).await {
                Ok(found) => assert_eq!(found, whole),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Mismatch),
            }
            assert_eq!(read(&cached, &blobs[0]).await.unwrap(), whole);
            assert_eq!(cached.size(), 5000);
        }
    });
}

/// One blob is made room for; before that comes to its end, the blob that had to go is read again, and kept again.
#[test]
fn what_comes_back_while_it_is_being_removed_counts() {
    let runtime = SimRuntime::new();
    let contents = [noise(1, 5000), noise(2, 5000)];
    let (source, blobs) = source(&contents);
    runtime.run(async {
        let (mut go_on, waits) = mpsc::channel(1);
        let cache = Arc::new(Plain::default());
        let cached = CachedSource::new(source, cache.clone(), 6000).await.unwrap();
        read(&cached, &blobs[0]).await.unwrap();
        *cache.waits.lock().unwrap() = Some(waits);
        let other = async {
            assert_eq!(read(&cached, &blobs[0]).await.unwrap(), contents[0]);
            go_on.try_send(()).unwrap();
        };
        let (found, ()) = join(read(&cached, &blobs[1]), other).await;
        assert_eq!(found.unwrap(), contents[1]);
        let there: u64 = cache.take_stock().await.unwrap().iter().map(|(_, size)| size).sum();
        assert!(there <= 6000 && there == cached.size(), "{there} {}", cached.size());
    });
}

/// P24: the task that writes outlives the reader.
#[test]
fn p24_a_reading_that_is_dropped_is_not_the_end_of_the_blob_to_a_task_that_keeps_it() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let (source, blobs) = source(&[noise(1, 5000)]);
    runtime.run(async {
        let layout = OciLayout::create(folder.path(), Arc::new(runtime.clone()))
            .await
            .unwrap();
        let before = files_below(folder.path());
        let cache = Detached {
            layout: Arc::new(layout),
            runtime: runtime.clone(),
        };
        let cached = CachedSource::new(source, Arc::new(cache), 6000).await.unwrap();
        for pieces in 1..4 {
            let content = cached.blob(&blobs[0]).await.unwrap();
            let mut chunks = content.open(Span::from(0)).await.unwrap();
            for _ in 0..pieces {
                chunks.next().await.unwrap().unwrap();
            }
            drop(chunks);
            runtime.sleep(Duration::from_secs(1)).await;
            assert_eq!(files_below(folder.path()), before, "{pieces}");
        }
    });
}
