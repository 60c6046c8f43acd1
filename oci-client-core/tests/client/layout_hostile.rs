//! Layouts that somebody else prepared (C27): nothing outside of them is read, and what is wrong is an error.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt as _;
use oci_client_core::proto::Span;
use oci_client_core::store::{CopyOptions, MemoryStore, OciLayout, Source, copy};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, Digest};
use tempfile::TempDir;
use test_support::SimRuntime;

use crate::support::{Image, by_digest, files_below, layer, noise, tag, target};

/// A layout with one image, to be spoilt.
struct Layout {
    folder: TempDir,
    image: Image,
    runtime: SimRuntime,
}

impl Layout {
    fn new() -> Self {
        let (folder, image, runtime) = (tempfile::tempdir().unwrap(), Image::new(1, &[1000]), SimRuntime::new());
        runtime.run(async {
            let layout = OciLayout::create(folder.path(), Arc::new(runtime.clone()))
                .await
                .unwrap();
            copy(
                &image.store("v1"),
                &target("v1"),
                &layout,
                Some(&tag("v1")),
                &CopyOptions::new(),
            )
            .await
            .unwrap();
        });
        Self { folder, image, runtime }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder
            .path()
            .join("blobs")
            .join(digest.algorithm().as_str())
            .join(digest.encoded_string())
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(file), content).unwrap();
    }

    fn open(&self) -> Result<OciLayout, Error> {
        self.runtime
            .run(OciLayout::open(self.folder.path(), Arc::new(self.runtime.clone())))
    }

    fn layer(&self) -> &Descriptor {
        &self.image.manifest().layers[0]
    }

    /// What comes of copying the image out of the layout.
    fn copied(&self) -> Result<MemoryStore, Error> {
        let store = MemoryStore::new();
        let layout = self.open()?;
        self.runtime.run(copy(
            &layout,
            &target("v1"),
            &store,
            Some(&tag("v1")),
            &CopyOptions::new(),
        ))?;
        Ok(store)
    }

    fn refused(&self) -> Error {
        self.copied().err().unwrap()
    }
}

#[test]
fn c27_an_untouched_layout_is_read() {
    let layout = Layout::new();
    let store = layout.copied().unwrap();
    assert!(store.content(&layout.layer().digest).is_some());
}

#[cfg(unix)]
#[test]
fn c27_a_blob_that_is_a_symlink_is_refused_even_if_its_content_is_right() {
    use std::os::unix::fs::symlink;

    for which in ["layer", "manifest"] {
        let layout = Layout::new();
        let path = layout.path(if which == "layer" {
            &layout.layer().digest
        } else {
            layout.image.digest()
        });
        let elsewhere = tempfile::tempdir().unwrap();
        let moved = elsewhere.path().join("moved");
        fs::copy(&path, &moved).unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&moved, &path).unwrap();
        let error = layout.refused();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{which}: {error}");
        assert!(error.to_string().contains("no regular file"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn c27_documents_that_are_no_regular_files_are_refused_and_not_waited_for() {
    for file in ["index.json", "oci-layout"] {
        let layout = Layout::new();
        let path = layout.folder.path().join(file);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(layout.refused().kind(), ErrorKind::Invalid, "folder {file}");
        fs::remove_dir(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_eq!(layout.refused().kind(), ErrorKind::Invalid, "device {file}");
    }
}

#[test]
fn c27_documents_larger_than_the_limit_are_refused() {
    for file in ["index.json", "oci-layout"] {
        let layout = Layout::new();
        layout.write(file, vec![b' '; (4 << 20) + 1]);
        let error = layout.refused();
        assert!(error.to_string().contains("4194304"), "{error}");
    }
    let layout = Layout::new();
    fs::write(layout.path(layout.image.digest()), vec![b' '; (4 << 20) + 1]).unwrap();
    assert!(layout.refused().to_string().contains("4194304"));
}

#[test]
fn c27_another_version_is_refused() {
    for version in ["1.0.1", "2.0.0", "1.0", ""] {
        let layout = Layout::new();
        layout.write("oci-layout", format!(r#"{{"imageLayoutVersion":"{version}"}}"#));
        let error = layout.open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{version}: {error}");
        let created = layout.runtime.run(OciLayout::create(
            layout.folder.path(),
            Arc::new(layout.runtime.clone()),
        ));
        assert_eq!(created.unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn c27_documents_that_are_none_are_refused_with_their_file_named() {
    for content in [
        "",
        "{}",
        "[]",
        "{\"schemaVersion\":2,\"manifests\":{}}",
        "\u{feff}{}",
        "nonsense",
    ] {
        let layout = Layout::new();
        layout.write("index.json", content);
        let error = layout.refused();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{content}: {error}");
        assert!(error.to_string().contains("index.json"), "{error}");
    }
}

#[test]
fn c27_digests_that_are_paths_are_refused_before_any_file_is_touched() {
    for digest in [
        "sha256:../../../etc/passwd",
        "../sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "sha256:44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A",
        "sha256:",
        "x/../../y:00",
    ] {
        let layout = Layout::new();
        let entry = format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":2,"annotations":{{"org.opencontainers.image.ref.name":"v1"}}}}"#
        );
        layout.write("index.json", format!(r#"{{"schemaVersion":2,"manifests":[{entry}]}}"#));
        assert_eq!(layout.refused().kind(), ErrorKind::Invalid, "{digest}");
    }
}

#[test]
fn c27_a_digest_that_cannot_be_verified_has_no_place_in_a_layout() {
    let layout = Layout::new();
    let digest: Digest = "md5:d41d8cd98f00b204e9800998ecf8427e".parse().unwrap();
    let opened = layout.open().unwrap();
    layout.runtime.run(async {
        let manifest = opened.manifest(&by_digest(&digest)).await.unwrap_err();
        let descriptor = Descriptor::new(layer(b"").media_type, digest.clone(), 0);
        let blob = opened.blob(&descriptor).await.err().unwrap();
        assert_eq!(
            (manifest.kind(), blob.kind()),
            (ErrorKind::Unsupported, ErrorKind::Unsupported)
        );
    });
}

#[test]
fn c27_content_that_is_not_what_its_name_says_is_refused() {
    for wrong in [vec![0; 1000], vec![0; 999], vec![0; 1001], Vec::new()] {
        let layout = Layout::new();
        fs::write(layout.path(&layout.layer().digest), wrong).unwrap();
        let error = layout.refused();
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
        assert!(
            error.to_string().contains(&layout.layer().digest.to_string()),
            "{error}"
        );
    }
    let layout = Layout::new();
    fs::write(layout.path(layout.image.digest()), b"{}").unwrap();
    assert_eq!(layout.refused().kind(), ErrorKind::Mismatch);
}

#[test]
fn c24_titles_are_data_and_never_become_paths() {
    let content = b"evil".as_slice();
    let titles = [
        "../evil",
        "/tmp/evil",
        "a/../../evil",
        "evil\0",
        "index.json",
        "oci-layout",
    ];
    let layers = titles.map(|title| layer(content).with_annotation(oci_spec_types::Annotations::TITLE, title));
    let artifact = oci_spec_types::ImageManifest::artifact("application/x".parse().unwrap(), layers.to_vec());
    let store = MemoryStore::new();
    store.add_blob(layer(content).media_type, content);
    store.add_blob("application/x".parse().unwrap(), &b"{}"[..]);
    let document = crate::support::document(artifact);
    store.add_manifest(document.clone(), Some(tag("v1")));

    let outer = tempfile::tempdir().unwrap();
    let (inner, runtime) = (outer.path().join("layout"), SimRuntime::new());
    runtime.run(async {
        let layout = OciLayout::create(&inner, Arc::new(runtime.clone())).await.unwrap();
        copy(&store, &target("v1"), &layout, Some(&tag("v1")), &CopyOptions::new())
            .await
            .unwrap();
    });
    let files = files_below(outer.path());
    assert_eq!(files.len(), 5, "{files:?}");
    assert!(!files.iter().any(|file| file.to_string_lossy().contains("evil")));
}

/// C28: the last piece is held back, also where the file ends with it and no length was asked for.
#[test]
fn c28_the_last_piece_of_a_damaged_file_is_not_given_out() {
    let runtime = SimRuntime::new();
    for size in [1, 1000, 256 << 10, 300_000, 512 << 10] {
        let folder = tempfile::tempdir().unwrap();
        let whole = noise(1, size);
        let blob = layer(&whole);
        let path = folder.path().join("blobs/sha256").join(blob.digest.encoded_string());
        for open_ended in [false, true] {
            let got = runtime.run(async {
                let layout = OciLayout::create(folder.path(), Arc::new(runtime.clone()))
                    .await
                    .unwrap();
                fs::write(&path, noise(2, size)).unwrap();
                let span = if open_ended {
                    Span::from(0)
                } else {
                    Span::new(0, blob.size)
                };
                let mut got = 0;
                let error = match layout.blob(&blob).await.unwrap().open(span).await {
                    Err(error) => error,
                    Ok(mut chunks) => loop {
                        match chunks.next().await.unwrap() {
                            Ok(chunk) => got += chunk.len(),
                            Err(error) => break error,
                        }
                    },
                };
                assert_eq!(error.kind(), ErrorKind::Mismatch);
                got
            });
            assert!(got < size, "{got} of {size}, open-ended: {open_ended}");
        }
    }
}
