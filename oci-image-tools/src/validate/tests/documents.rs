//! What may be wrong with manifests, configurations and indexes.

use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::client::Client;
use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_registry::Registry;
use oci_spec_types::{
    AnyManifest, Architecture, Descriptor, Digest, Document, History, ImageIndex, ImageManifest, MediaType, Tag,
};

use super::{Made, Odd, both, report, row, v1};
use crate::hostile::file;
use crate::validate::{Defect, ValidateOptions, validate};

fn tag() -> Tag {
    "v1".parse().unwrap()
}

fn index(store: &MemoryStore, entries: Vec<Descriptor>) -> Document<AnyManifest> {
    let index = Document::from_value(AnyManifest::Index(ImageIndex::new(entries))).unwrap();
    store.add_manifest(index.clone(), Some(tag()));
    index
}

fn entry(document: &Document<AnyManifest>, platform: &str) -> Descriptor {
    document.descriptor().with_platform(platform.parse().unwrap())
}

#[test]
fn layers_diff_ids_and_history_are_out_of_step() {
    let mut fewer = Made::plain();
    fewer.config.rootfs.diff_ids.pop();
    fewer.config.history.pop();
    let mut more = Made::plain();
    more.config.rootfs.diff_ids.push(Digest::sha256(b""));
    more.config.history.push(History::default());
    for made in [fewer, more] {
        let count = vec![row(Defect::LayerCount, "$.layers")];
        assert_eq!(made.both(), [count.clone(), count]);
    }
    let mut step = History::default();
    step.empty_layer = Some(true);
    for (steps, is_right) in [
        (vec![History::default()], false),
        (vec![History::default(); 3], false),
        (vec![step.clone()], false),
        (vec![step.clone(), History::default(), step, History::default()], true),
        (vec![], true),
    ] {
        let mut made = Made::plain();
        made.config.history = steps;
        let expected = match is_right {
            true => vec![],
            false => vec![row(Defect::History, "$.history")],
        };
        assert_eq!(made.both(), [expected.clone(), expected]);
    }
}

#[test]
fn rules_of_the_specification_count_with_their_severity() {
    let mut made = Made::plain();
    made.config.created = Some("yesterday".to_owned());
    made.layers[1].0.media_type = MediaType::DOCKER_LAYER;
    let layer = (Defect::Document, "$.layers[1].mediaType".to_owned(), None, false);
    let expected = vec![layer, row(Defect::Document, "$.created")];
    assert_eq!(made.both(), [expected.clone(), expected]);
}

#[test]
fn an_image_of_docker_is_an_image() {
    let (store, made) = (MemoryStore::new(), Made::plain());
    let manifest = made.put(&store).value().as_image().unwrap().clone();
    let mut docker = ImageManifest::new(manifest.config, manifest.layers);
    docker.media_type = Some(MediaType::DOCKER_MANIFEST);
    docker.config.media_type = MediaType::DOCKER_CONFIG;
    docker
        .layers
        .iter_mut()
        .for_each(|layer| layer.media_type = MediaType::DOCKER_LAYER);
    let docker = Document::from_value(AnyManifest::Image(docker)).unwrap();
    store.add_manifest(docker, Some(tag()));
    assert_eq!(both(&store), [[], []]);
}

#[test]
fn configurations_that_are_missing_wrong_or_no_documents() {
    let made = Made::plain();
    for (content, expected) in [
        (None, row(Defect::Missing, "$.config")),
        (Some(true), row(Defect::Digest, "$.config")),
        (Some(false), row(Defect::Document, "$")),
    ] {
        let store = MemoryStore::new();
        let mut manifest = made.put(&store).value().as_image().unwrap().clone();
        match content {
            None => manifest.config.digest = Digest::sha256(b"gone"),
            Some(true) => {
                let another = vec![b' '; usize::try_from(manifest.config.size).unwrap()];
                store.add_content(&manifest.config, Arc::new(Bytes::from(another)));
            }
            Some(false) => manifest.config = store.add_blob(MediaType::IMAGE_CONFIG, r#"{"os":1}"#),
        }
        let manifest = Document::from_value(AnyManifest::Image(manifest)).unwrap();
        store.add_manifest(manifest, Some(tag()));
        assert_eq!(both(&store), [vec![expected.clone()], vec![expected]]);
    }
}

#[test]
fn each_image_of_an_index_counts() {
    let (store, mut arm) = (MemoryStore::new(), Made::plain());
    arm.config.architecture = Architecture::ARM64;
    arm.config.variant = Some("v8".to_owned());
    let twice = Made::of_tars(&[&[file("a", b""), file("a", b"")]]);
    let documents = [Made::plain().put(&store), arm.put(&store), twice.put(&store)];
    let inner = index(&store, vec![entry(&documents[2], "linux/amd64")]);
    let [amd64, arm64, _] = &documents;
    let mut sized = entry(amd64, "linux/amd64");
    sized.size += 1;
    let mut typed = entry(amd64, "linux/x86_64");
    typed.media_type = MediaType::DOCKER_MANIFEST;
    let mut gone = entry(amd64, "linux/amd64");
    gone.digest = Digest::sha256(b"gone");
    let cases = [
        (
            vec![
                entry(amd64, "linux/amd64"),
                entry(arm64, "linux/arm64"),
                amd64.descriptor(),
            ],
            None,
        ),
        (vec![entry(arm64, "linux/arm64/v8")], None),
        (vec![entry(arm64, "linux/arm64/v9")], Some(Defect::Platform)),
        (vec![entry(arm64, "linux/amd64")], Some(Defect::Platform)),
        (vec![entry(amd64, "windows/amd64")], Some(Defect::Platform)),
        (vec![sized], Some(Defect::Size)),
        (vec![typed], Some(Defect::MediaType)),
        (vec![gone], Some(Defect::Missing)),
    ];
    for (entries, expected) in cases {
        let last = format!("$.manifests[{}]", entries.len() - 1);
        index(&store, entries);
        let expected: Vec<_> = expected.into_iter().map(|defect| row(defect, &last)).collect();
        assert_eq!(both(&store), [expected.clone(), expected]);
    }
    // Two entries of one manifest; an index in an index, whose image is wrong.
    index(
        &store,
        vec![
            entry(amd64, "linux/arm64"),
            entry(amd64, "linux/amd64"),
            inner.descriptor(),
        ],
    );
    let platform = row(Defect::Platform, "$.manifests[0]");
    let duplicate = (
        Defect::DuplicatePath,
        "$.layers[0]".to_owned(),
        Some("a".to_owned()),
        true,
    );
    assert_eq!(both(&store), [vec![platform.clone(), duplicate], vec![platform]]);
    let found = report(&store, &ValidateOptions::new());
    assert_eq!((found.manifests(), found.blobs()), (4, 3));
}

#[test]
fn nested_indexes_have_a_limit() {
    let store = MemoryStore::new();
    let mut document = Made::plain().put(&store);
    for _ in 0..CopyOptions::MAX_DEPTH {
        document = index(&store, vec![document.descriptor()]);
    }
    assert_eq!(both(&store), [[], []]);
    index(&store, vec![document.descriptor()]);
    let limit = vec![row(Defect::Limit, "$.manifests[0]")];
    assert_eq!(both(&store), [limit.clone(), limit]);
}

#[test]
fn artifacts_are_read_as_blobs() {
    let odd = Odd::default();
    let (config, file) = (
        odd.store.add_blob(MediaType::EMPTY_JSON, "{}"),
        odd.store.add_blob(MediaType::OCTET_STREAM, "content"),
    );
    let mut manifest = ImageManifest::new(config.clone(), vec![file.clone()]);
    manifest.artifact_type = Some(MediaType::OCTET_STREAM);
    let manifest = Document::from_value(AnyManifest::Image(manifest)).unwrap();
    odd.store.add_manifest(manifest, Some(tag()));
    assert_eq!(both(&odd), [[], []]);
    odd.store.add_content(&file, Arc::new(Bytes::from_static(b"CONTENT")));
    assert_eq!(both(&odd), [vec![row(Defect::Digest, "$.layers[0]")], vec![]]);
    assert_eq!(odd.count("blob", &config.digest), 2);
}

#[test]
fn a_root_that_is_not_there_is_an_error() {
    let runtime: Arc<dyn Runtime> = Arc::new(ThreadRuntime::new());
    let validated = block_on(validate(&MemoryStore::new(), &v1(), &runtime, &ValidateOptions::new()));
    assert_eq!(validated.unwrap_err().kind(), oci_client_core::ErrorKind::NotFound);
}

/// Against a registry: what is there, and what a registry lets pass that does not check.
#[test]
fn an_image_in_a_registry() {
    let runtime: Arc<dyn Runtime> = Arc::new(ThreadRuntime::new());
    let registry = Registry::builder().allow_missing_blobs(true).build();
    let client = Client::new(Arc::new(registry), runtime);
    let repository = client.repository(&"registry.example.com/app".parse().unwrap());
    let (store, made) = (MemoryStore::new(), Made::plain());
    let manifest = made.put(&store);
    block_on(copy(&store, &v1(), &repository, Some(&tag()), &CopyOptions::new())).unwrap();
    assert_eq!(both(&repository), [[], []]);

    let mut wrong = manifest.value().as_image().unwrap().clone();
    wrong.layers[0].digest = Digest::sha256(b"gone");
    wrong.layers[1].size += 1;
    let wrong = Document::from_value(AnyManifest::Image(wrong)).unwrap();
    block_on(repository.push_manifest(&v1(), &wrong)).unwrap();
    let expected = vec![row(Defect::Missing, "$.layers[0]"), row(Defect::Size, "$.layers[1]")];
    assert_eq!(both(&repository), [expected.clone(), expected]);
}
