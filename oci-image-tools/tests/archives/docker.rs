//! What `docker save` writes, old and new.

use std::path::Path;

use bytes::Bytes;
use futures_executor::block_on;
use oci_client_core::ErrorKind;
use oci_client_core::store::{CopyOptions, MemoryStore, Source, Target, copy};
use oci_image_tools::archive::{ArchiveWriter, DockerArchive};
use oci_spec_types::{Descriptor, Digest, MediaType, Reference, TagOrDigest};

use crate::support::{Graph, image, open_docker, open_oci, put, read, runtime, tag, target};

#[test]
fn an_image_keeps_its_digest_and_docker_finds_its_files() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let images = [image(&store, 1, "shared"), image(&store, 2, "shared")];
    let path = folder.path().join("images.tar");
    block_on(async {
        let name: Reference = "ghcr.io/owner/app".parse().unwrap();
        let writer = ArchiveWriter::docker(&path, Some(&name), runtime()).await.unwrap();
        let options = CopyOptions::new();
        for (from, to) in [("image1", "v1"), ("image2", "v2"), ("image1", "latest")] {
            copy(&store, &target(from), &writer, Some(&tag(to)), &options)
                .await
                .unwrap();
        }
        writer.finish().await.unwrap();
        let archive = open_docker(&path).await.unwrap();
        for (name, image) in [("v1", &images[0]), ("latest", &images[0]), ("v2", &images[1])] {
            assert_eq!(archive.manifest(&target(name)).await.unwrap().bytes(), image.bytes());
            let whole = format!("ghcr.io/owner/app:{name}").parse().unwrap();
            assert_eq!(archive.find(&whole).unwrap().digest(), image.digest());
            let other = format!("ghcr.io/owner/other:{name}").parse().unwrap();
            assert!(archive.find(&other).is_none());
        }
        assert_eq!(archive.images().len(), 2);
        // It is an OCI archive as well.
        assert!(open_oci(&path).await.unwrap().manifest(&target("v2")).await.is_ok());
    });
    let items: serde_json::Value = serde_json::from_slice(&file(&path, "manifest.json")).unwrap();
    let [one, two] = items.as_array().unwrap().as_slice() else {
        panic!("{items}")
    };
    let tags = |item: &serde_json::Value| item["RepoTags"].as_array().unwrap().clone();
    assert_eq!(tags(one), ["ghcr.io/owner/app:v1", "ghcr.io/owner/app:latest"]);
    assert_eq!(tags(two), ["ghcr.io/owner/app:v2"]);
    for (item, image) in [one, two].into_iter().zip(&images) {
        let manifest = image.value().as_image().unwrap();
        let names: Vec<_> = item["Layers"]
            .as_array()
            .unwrap()
            .iter()
            .chain([&item["Config"]])
            .collect();
        for (name, blob) in names.into_iter().zip(manifest.layers.iter().chain([&manifest.config])) {
            assert_eq!(Digest::sha256(&file(&path, name.as_str().unwrap())), blob.digest);
        }
    }
}

#[test]
fn without_a_repository_images_have_tags_and_no_names() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let (image, path) = (image(&store, 1, ""), folder.path().join("images.tar"));
    block_on(async {
        let writer = ArchiveWriter::docker(&path, None, runtime()).await.unwrap();
        let options = CopyOptions::new();
        copy(&store, &target("image1"), &writer, Some(&tag("v1")), &options)
            .await
            .unwrap();
        writer.finish().await.unwrap();
        let archive = open_docker(&path).await.unwrap();
        assert_eq!(archive.manifest(&target("v1")).await.unwrap().digest(), image.digest());
    });
    let items: serde_json::Value = serde_json::from_slice(&file(&path, "manifest.json")).unwrap();
    assert_eq!(items[0]["RepoTags"], serde_json::json!([]));
}

#[test]
fn what_docker_cannot_load_is_refused_and_referrers_of_images_are_not() {
    let (graph, folder) = (Graph::new(), tempfile::tempdir().unwrap());
    let path = folder.path().join("images.tar");
    block_on(async {
        let writer = ArchiveWriter::docker(&path, None, runtime()).await.unwrap();
        let options = CopyOptions::new();
        let error = copy(&graph.store, &target("v1"), &writer, None, &options)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("platform"), "{error}");

        let writer = ArchiveWriter::docker(&path, None, runtime()).await.unwrap();
        let options = CopyOptions::new()
            .with_platform("linux/arm64".parse().unwrap())
            .with_referrers();
        copy(&graph.store, &target("v1"), &writer, Some(&tag("v1")), &options)
            .await
            .unwrap();
        writer.finish().await.unwrap();
        let archive = open_docker(&path).await.unwrap();
        let (subject, referrer) = &graph.referrers[2];
        assert_eq!(archive.images().len(), 1);
        assert_eq!(archive.images()[0].digest(), subject);
        assert_eq!(archive.referrers(subject).await.unwrap(), [referrer.referrer()]);

        let writer = ArchiveWriter::docker(&path, None, runtime()).await.unwrap();
        put(&writer, b"{}").await;
        let mut artifact = referrer.value().as_image().unwrap().clone();
        artifact.subject = None;
        let artifact = oci_spec_types::Document::from_value(artifact).unwrap().into();
        assert_eq!(
            writer.put_root(&artifact, None).await.unwrap_err().kind(),
            ErrorKind::Unsupported
        );
    });
}

#[test]
fn archives_of_older_dockers_are_read_with_links_and_compressed_layers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.tar");
    let old = Old::new();
    old.write(&path, &old.items(&["alpine:3", "alpine:latest"]));
    block_on(async {
        let archive = open_docker(&path).await.unwrap();
        let [image] = archive.images() else { panic!("one image") };
        assert_eq!(image.names(), ["alpine:3", "alpine:latest"]);
        assert_eq!(
            archive
                .find(&"docker.io/library/alpine:3".parse().unwrap())
                .unwrap()
                .digest(),
            image.digest()
        );
        let manifest = image.manifest().value().as_image().unwrap();
        let types: Vec<_> = manifest.layers.iter().map(|layer| layer.media_type.clone()).collect();
        assert_eq!(
            types,
            [
                MediaType::IMAGE_LAYER,
                MediaType::IMAGE_LAYER_GZIP,
                MediaType::IMAGE_LAYER
            ]
        );
        for (layer, content) in manifest.layers.iter().zip([&old.plain, &old.gzip, &old.plain]) {
            assert_eq!(read(&archive, layer).await.unwrap(), *content);
        }
        assert_eq!(read(&archive, &manifest.config).await.unwrap(), old.config.as_bytes());
        // The same digest each time, and a whole copy.
        let again = open_docker(&path).await.unwrap();
        assert_eq!(again.images()[0].digest(), image.digest());
        let copied = copy(&archive, &target("3"), &MemoryStore::new(), None, &CopyOptions::new()).await;
        assert_eq!(copied.unwrap().root.digest(), image.digest());
        let none = TagOrDigest::Digest(Digest::sha256(b"none"));
        assert_eq!(archive.manifest(&none).await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_tag_of_several_repositories_has_to_be_named_with_one() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let path = folder.path().join("old.tar");
    let _ = image(&store, 1, "");
    let old = Old::new();
    let other = Old {
        config: old.config.replace("amd64", "arm64"),
        ..Old::new()
    };
    let items = [old.items(&["a:v1"]), other.items(&["b:v1"])].map(|items| items[0].clone());
    let mut tar = tar::Builder::new(std::fs::File::create(&path).unwrap());
    old.add(&mut tar);
    append(&mut tar, &other.config_name(), other.config.as_bytes());
    append(
        &mut tar,
        "manifest.json",
        serde_json::json!(items).to_string().as_bytes(),
    );
    tar.finish().unwrap();
    block_on(async {
        let archive = open_docker(&path).await.unwrap();
        let error = archive.manifest(&target("v1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("several images"), "{error}");
        let one = archive.find(&"docker.io/library/b:v1".parse().unwrap()).unwrap();
        assert_eq!(
            one.manifest().value().as_image().unwrap().config.digest,
            Digest::sha256(other.config.as_bytes())
        );
    });
}

#[test]
fn c01_a_layer_that_is_not_what_its_diff_id_says_is_never_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.tar");
    let mut old = Old::new();
    let items = old.items(&["a:v1"]);
    old.plain = Bytes::from_static(b"something else of any size");
    old.write(&path, &items);
    block_on(async {
        let archive = open_docker(&path).await.unwrap();
        let layer = archive.images()[0].manifest().value().as_image().unwrap().layers[0].clone();
        assert_eq!(read(&archive, &layer).await.unwrap_err().kind(), ErrorKind::Mismatch);
    });
}

#[test]
fn archives_that_lack_something_are_refused_with_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.tar");
    let old = Old::new();
    let mut no_layer = old.items(&[]);
    no_layer[0]["Layers"][0] = "missing/layer.tar".into();
    let mut no_config = old.items(&[]);
    no_config[0]["Config"] = "missing.json".into();
    let mut too_few = old.items(&[]);
    too_few[0]["Layers"].as_array_mut().unwrap().pop();
    for (items, says) in [
        (no_layer, "missing/layer.tar"),
        (no_config, "missing.json"),
        (too_few, "2 layers and 3 DiffIDs"),
        (serde_json::json!({}), "manifest.json"),
    ] {
        old.write(&path, &items);
        let error = block_on(open_docker(&path)).unwrap_err();
        assert!(error.to_string().contains(says), "{says}: {error}");
    }
    let mut tar = tar::Builder::new(std::fs::File::create(&path).unwrap());
    append(&mut tar, "repositories", b"{}");
    tar.finish().unwrap();
    let error = block_on(open_docker(&path)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("saved again"), "{error}");
}

/// An image as Docker 1.10 to 24 wrote it: a folder for each layer, and a link where one comes twice.
struct Old {
    config: String,
    gzip: Bytes,
    plain: Bytes,
}

impl Old {
    fn new() -> Self {
        let plain = Bytes::from(vec![b'x'; 10_000]);
        let config = serde_json::json!({
            "architecture": "amd64", "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [
                Digest::sha256(&plain).to_string(), Digest::sha256(b"unknown").to_string(), Digest::sha256(&plain).to_string(),
            ]},
        });
        Self {
            config: config.to_string(),
            gzip: Bytes::from_static(b"\x1f\x8b\x08 compressed"),
            plain,
        }
    }

    fn config_name(&self) -> String {
        format!("{}.json", Digest::sha256(self.config.as_bytes()).encoded_string())
    }

    fn items(&self, names: &[&str]) -> serde_json::Value {
        serde_json::json!([{
            "Config": self.config_name(),
            "RepoTags": names,
            "Layers": ["one/layer.tar", "two/layer.tar", "three/layer.tar"],
        }])
    }

    fn write(&self, path: &Path, items: &serde_json::Value) {
        let mut tar = tar::Builder::new(std::fs::File::create(path).unwrap());
        self.add(&mut tar);
        append(&mut tar, "manifest.json", items.to_string().as_bytes());
        append(&mut tar, "repositories", br#"{"alpine":{"3":"three"}}"#);
        tar.finish().unwrap();
    }

    fn add(&self, tar: &mut tar::Builder<std::fs::File>) {
        append(tar, "./one/layer.tar", &self.plain);
        append(tar, "two/layer.tar", &self.gzip);
        let mut link = tar::Header::new_gnu();
        link.set_entry_type(tar::EntryType::Symlink);
        link.set_size(0);
        tar.append_link(&mut link, "three/layer.tar", "../one/layer.tar")
            .unwrap();
        append(tar, &self.config_name(), self.config.as_bytes());
    }
}

fn append(tar: &mut tar::Builder<std::fs::File>, name: &str, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, content).unwrap();
}

fn file(path: &Path, name: &str) -> Vec<u8> {
    use std::io::Read as _;

    let mut archive = tar::Archive::new(std::fs::File::open(path).unwrap());
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let mut entry = entries
        .find(|entry| entry.path().unwrap().to_str() == Some(name))
        .unwrap();
    let mut content = Vec::new();
    entry.read_to_end(&mut content).unwrap();
    content
}

fn _is_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<(ArchiveWriter, DockerArchive, Descriptor)>();
}
