//! Layouts that several write to at once.

use std::sync::{Arc, Barrier};

use oci_client_core::store::{OciLayout, Source, Target};
use test_support::SimRuntime;

use crate::layout::{add, read_index};
use crate::support::{Image, files_below, layer, noise, target};

#[test]
fn writers_in_several_threads_lose_nothing() {
    const WRITERS: u64 = 8;
    let folder = tempfile::tempdir().unwrap();
    let shared = noise(0, 50_000);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (path, shared) = (folder.path(), &shared);
            scope.spawn(move || {
                let runtime = SimRuntime::new();
                for round in 0..5 {
                    let image = Image::new(writer * 10 + round, &[100]);
                    let layout = add(&runtime, path, &image, &format!("w{writer}-{round}"));
                    runtime
                        .run(layout.put_blob(&layer(shared), Arc::new(shared.clone())))
                        .unwrap();
                }
            });
        }
    });
    let runtime = SimRuntime::new();
    let layout = runtime
        .run(OciLayout::open(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    assert_eq!(runtime.run(layout.entries()).unwrap().len(), 5 * WRITERS as usize);
    for writer in 0..WRITERS {
        for round in 0..5 {
            let found = runtime
                .run(layout.manifest(&target(&format!("w{writer}-{round}"))))
                .unwrap();
            assert_eq!(found.digest(), Image::new(writer * 10 + round, &[100]).digest());
        }
    }
    assert!(
        !files_below(folder.path())
            .iter()
            .any(|file| file.to_string_lossy().contains("partial"))
    );
}

#[test]
fn a_layout_that_many_create_at_once_has_the_images_of_all() {
    const WRITERS: usize = 8;
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let barrier = Barrier::new(WRITERS);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (path, barrier) = (folder.path(), &barrier);
                scope.spawn(move || {
                    let (runtime, image) = (SimRuntime::new(), Image::new(writer as u64, &[]));
                    barrier.wait();
                    add(&runtime, path, &image, &format!("w{writer}"));
                });
            }
        });
        assert_eq!(read_index(folder.path()).manifests.len(), WRITERS);
    }
}
