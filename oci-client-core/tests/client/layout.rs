//! OCI layout directories: what is written, and how tags move.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::ErrorKind;
use oci_client_core::store::{CopyOptions, MemoryStore, OciLayout, Source, Stored, Target, copy};
use oci_registry::Registry;
use oci_spec_types::{Annotations, Descriptor, Digest, Document, ImageIndex, MediaType};
use test_support::{Recorder, SimRuntime};

use crate::support::{Image, by_digest, document, files_below, layer, noise, repository, tag, target};

#[test]
fn an_image_copied_into_a_new_layout_makes_exactly_the_files_of_the_spec() {
    let image = Image::new(1, &[10, 70_000]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    let runtime = SimRuntime::new();
    add(&runtime, &path, &image, "v1");

    let mut expected: Vec<_> = image
        .manifest()
        .blobs()
        .map(|blob| &blob.digest)
        .chain([image.digest()])
        .map(blob_file)
        .collect();
    expected.extend(["index.json".into(), "oci-layout".into()]);
    expected.sort();
    assert_eq!(files_below(&path), expected);
    for (blob, content) in image.manifest().blobs().zip(&image.blobs) {
        assert_eq!(std::fs::read(path.join(blob_file(&blob.digest))).unwrap(), *content);
    }
    assert_eq!(
        std::fs::read(path.join(blob_file(image.digest()))).unwrap(),
        image.document.bytes()
    );
    assert_eq!(
        std::fs::read(path.join("oci-layout")).unwrap(),
        br#"{"imageLayoutVersion":"1.0.0"}"#
    );
    let index: ImageIndex = read_index(&path);
    let entry = image.document.descriptor().with_annotation(Annotations::REF_NAME, "v1");
    assert_eq!(index.manifests, [entry]);
}

#[test]
fn a_large_blob_comes_in_parts() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let content = Bytes::from(vec![7; 64 << 20]);
    let recorder = Recorder::new(Registry::in_memory());
    let app = repository(&runtime, recorder.clone());
    let blob = layer(&content);
    runtime.run(app.push_blob(&blob, Arc::new(content.clone()))).unwrap();
    let pushed = recorder.count();
    let layout = runtime.run(OciLayout::create(folder.path(), Arc::new(runtime.clone())));
    let source = runtime.run(Source::blob(&app, &blob)).unwrap();
    let stored = runtime.run(layout.unwrap().put_blob(&blob, source)).unwrap();
    assert_eq!(stored, Stored::New);
    assert_eq!(
        std::fs::read(folder.path().join(blob_file(&blob.digest))).unwrap(),
        content
    );
    let requests = recorder.requests();
    let ranges: Vec<_> = requests
        .iter()
        .skip(pushed)
        .map(|request| request.header("range"))
        .collect();
    assert_eq!(ranges, [Some("bytes=0-16777215"), Some("bytes=16777216-67108863")]);
}

#[cfg(unix)]
#[test]
fn the_files_can_be_read_by_everybody_who_may_read_the_folder() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    add(&SimRuntime::new(), folder.path(), &Image::new(1, &[10]), "v1");
    for file in files_below(folder.path()) {
        let mode = std::fs::metadata(folder.path().join(&file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o644, "{file:?}");
    }
}

#[test]
fn an_image_goes_from_a_registry_through_a_layout_to_another_registry() {
    let image = Image::new(1, &[10, 300_000]);
    let runtime = SimRuntime::new();
    let folder = tempfile::tempdir().unwrap();
    let layout = runtime
        .run(OciLayout::create(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    let [first, second] = [(); 2].map(|()| repository(&runtime, Registry::in_memory()));
    let back = MemoryStore::new();
    let options = CopyOptions::new();
    runtime.run(async {
        let (one, two) = (tag("one"), tag("two"));
        copy(&image.store("v1"), &target("v1"), &first, Some(&one), &options)
            .await
            .unwrap();
        copy(&first, &target("one"), &layout, Some(&two), &options)
            .await
            .unwrap();
        copy(&layout, &target("two"), &second, None, &options).await.unwrap();
        copy(&second, &by_digest(image.digest()), &back, None, &options)
            .await
            .unwrap();
    });
    assert!(
        image
            .manifest()
            .blobs()
            .all(|blob| back.content(&blob.digest).is_some())
    );
}

#[test]
fn a_tag_moves_to_the_image_that_got_it_last() {
    let images = [Image::new(1, &[10]), Image::new(2, &[20])];
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    let layout = add(&runtime, folder.path(), &images[0], "v1");
    add(&runtime, folder.path(), &images[1], "v1");
    let entries = runtime.run(layout.entries()).unwrap();
    assert_eq!(entries.len(), 1);
    let found = runtime.run(layout.manifest(&target("v1"))).unwrap();
    assert_eq!(found.digest(), images[1].digest());
    // The image that lost its tag is still there for whoever knows its digest.
    assert!(runtime.run(layout.manifest(&by_digest(images[0].digest()))).is_ok());
}

#[test]
fn one_image_may_have_several_tags() {
    let image = Image::new(1, &[10]);
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    add(&runtime, folder.path(), &image, "v1");
    add(&runtime, folder.path(), &image, "latest");
    let layout = add(&runtime, folder.path(), &image, "v1");
    let entries = runtime.run(layout.entries()).unwrap();
    let names: Vec<_> = entries
        .iter()
        .map(|entry| entry.annotations.get(Annotations::REF_NAME))
        .collect();
    assert_eq!(names, [Some("latest"), Some("v1")]);
    assert!(entries.iter().all(|entry| entry.digest == *image.digest()));
}

#[test]
fn an_image_without_a_tag_is_listed_once() {
    let image = Image::new(1, &[10]);
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    let layout = runtime
        .run(OciLayout::create(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    for _ in 0..2 {
        runtime
            .run(copy(
                &image.store("v1"),
                &target("v1"),
                &layout,
                None,
                &CopyOptions::new(),
            ))
            .unwrap();
    }
    assert_eq!(runtime.run(layout.entries()).unwrap(), [image.document.descriptor()]);
}

#[test]
fn what_others_wrote_into_the_index_survives() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    add(&runtime, folder.path(), &Image::new(1, &[]), "v1");
    let other = br#"{"schemaVersion":2,"x-vendor":{"a":[1]},"annotations":{"k":"v"},"manifests":[{"mediaType":"application/x","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"x":1}]}"#;
    std::fs::write(folder.path().join("index.json"), other).unwrap();
    let image = Image::new(2, &[10]);
    add(&runtime, folder.path(), &image, "v2");
    let index: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("index.json")).unwrap()).unwrap();
    assert_eq!(
        (&index["x-vendor"]["a"][0], &index["annotations"]["k"]),
        (&1.into(), &"v".into())
    );
    assert_eq!(
        (
            &index["manifests"][0]["x"],
            index["manifests"].as_array().unwrap().len()
        ),
        (&1.into(), 2)
    );
}

#[test]
fn documents_that_do_not_say_what_they_are_are_read() {
    let config = br#"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;
    let image = format!(
        r#"{{"schemaVersion":2,"config":{},"layers":[]}}"#,
        str::from_utf8(config).unwrap()
    );
    let entry = Descriptor::of(MediaType::IMAGE_MANIFEST, image.as_bytes());
    let inner = format!(
        r#"{{"schemaVersion":2,"manifests":[{}]}}"#,
        serde_json::to_string(&entry).unwrap()
    );
    let root = Descriptor::of(MediaType::IMAGE_INDEX, inner.as_bytes());
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    let layout = runtime
        .run(OciLayout::create(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    for content in [image.as_bytes(), inner.as_bytes(), b"{}"] {
        std::fs::write(folder.path().join(blob_file(&Digest::sha256(content))), content).unwrap();
    }
    let root = root.with_annotation(Annotations::REF_NAME, "v1");
    let index = document(ImageIndex::new(vec![root]));
    std::fs::write(folder.path().join("index.json"), index.bytes()).unwrap();
    let copied = runtime
        .run(copy(
            &layout,
            &target("v1"),
            &MemoryStore::new(),
            None,
            &CopyOptions::new(),
        ))
        .unwrap();
    assert_eq!(
        (copied.root.bytes(), copied.root.media_type()),
        (inner.as_bytes(), &MediaType::IMAGE_INDEX)
    );
}

#[test]
fn a_blob_that_is_there_is_not_written_again() {
    let content = noise(1, 1000);
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    let layout = runtime
        .run(OciLayout::create(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    let put = || {
        runtime
            .run(layout.put_blob(&layer(&content), Arc::new(content.clone())))
            .unwrap()
    };
    assert_eq!((put(), put()), (Stored::New, Stored::Present));
    // One of another size is no good.
    std::fs::write(folder.path().join(blob_file(&layer(&content).digest)), b"short").unwrap();
    assert_eq!(put(), Stored::New);
    assert_eq!(
        std::fs::read(folder.path().join(blob_file(&layer(&content).digest))).unwrap(),
        content
    );
}

#[test]
fn a_sha512_digest_has_a_folder_of_its_own() {
    let content = noise(1, 100);
    let digest = Digest::sha512(&content);
    let descriptor = Descriptor::new(layer(b"").media_type, digest.clone(), 100);
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    let layout = runtime
        .run(OciLayout::create(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    runtime
        .run(layout.put_blob(&descriptor, Arc::new(content.clone())))
        .unwrap();
    assert_eq!(std::fs::read(folder.path().join(blob_file(&digest))).unwrap(), content);
    assert!(runtime.run(layout.blob(&descriptor)).is_ok());
}

#[test]
fn what_is_not_in_the_layout_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    let layout = add(&runtime, folder.path(), &Image::new(1, &[]), "v1");
    let (path, missing) = (folder.path().display().to_string(), layer(b"missing"));
    runtime.run(async {
        let tag = layout.manifest(&target("v2")).await.unwrap_err();
        assert!(
            tag.to_string().contains("`v2`") && tag.to_string().contains(&path),
            "{tag}"
        );
        let manifest = layout.manifest(&by_digest(&missing.digest)).await.unwrap_err();
        let blob = layout.blob(&missing).await.err().unwrap();
        for error in [tag, manifest, blob] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    });
}

#[test]
fn a_folder_that_is_no_layout_is_opened_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    for path in [folder.path().to_owned(), folder.path().join("missing")] {
        let error = runtime
            .run(OciLayout::open(&path, Arc::new(runtime.clone())))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(files_below(folder.path()), Vec::<PathBuf>::new());
}

/// Copies `image` into the layout at `path` under a tag.
pub(crate) fn add(runtime: &SimRuntime, path: &Path, image: &Image, name: &str) -> OciLayout {
    runtime.run(async {
        let layout = OciLayout::create(path, Arc::new(runtime.clone())).await.unwrap();
        let options = CopyOptions::new();
        copy(&image.store("v1"), &target("v1"), &layout, Some(&tag(name)), &options)
            .await
            .unwrap();
        layout
    })
}

fn blob_file(digest: &Digest) -> PathBuf {
    ["blobs", digest.algorithm().as_str(), &digest.encoded_string()]
        .iter()
        .collect()
}

pub(crate) fn read_index(path: &Path) -> ImageIndex {
    let bytes: Bytes = std::fs::read(path.join("index.json")).unwrap().into();
    let index = Document::<ImageIndex>::parse(&*bytes, MediaType::IMAGE_INDEX).unwrap();
    assert_eq!(document(index.value().clone()).bytes(), &*bytes);
    index.into_value()
}
