mod diffs;
mod exports;
mod hiding;
mod random;
mod squashed;

use std::collections::BTreeMap;
use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
use oci_client_core::store::{MemoryStore, Source};
use oci_spec_types::{
    AnyManifest, Architecture, Descriptor, Digest, Document, History, ImageConfig, ImageManifest, MediaType, Os,
    RootFs, TagOrDigest,
};

use super::Tree;
use super::node::Node;
use crate::ImageLimits;
use crate::build::Image;
use crate::tar_stream::TarReader;

fn runtime() -> Arc<dyn Runtime> {
    Arc::new(ThreadRuntime::new())
}

fn v1() -> TagOrDigest {
    TagOrDigest::Tag("v1".parse().unwrap())
}

/// A store with an image of these layers, none of them compressed, and a step of its history for each.
fn store(layers: &[Vec<u8>]) -> Arc<MemoryStore> {
    let store = MemoryStore::new();
    let diff_ids = layers.iter().map(|tar| Digest::sha256(tar)).collect();
    let mut config = ImageConfig::new(Os::LINUX, Architecture::AMD64, RootFs::new(diff_ids));
    config.history = (0..layers.len()).map(step).collect();
    let config = Document::from_value(config).unwrap();
    let config = store.add_blob(MediaType::IMAGE_CONFIG, config.bytes().to_vec());
    let layers = layers
        .iter()
        .map(|tar| store.add_blob(MediaType::IMAGE_LAYER, tar.clone()));
    let manifest = AnyManifest::Image(ImageManifest::new(config, layers.collect()));
    store.add_manifest(Document::from_value(manifest).unwrap(), Some("v1".parse().unwrap()));
    Arc::new(store)
}

fn step(number: usize) -> History {
    let mut step = History::default();
    step.created_by = Some(number.to_string());
    step
}

fn image(layers: &[Vec<u8>]) -> Image {
    block_on(Image::load(store(layers), &v1(), None)).unwrap()
}

fn read(source: &dyn Source, target: &TagOrDigest) -> Result<Tree, Error> {
    block_on(Tree::read(source, target, None, runtime(), ImageLimits::new()))
}

fn tree(layers: &[Vec<u8>]) -> Result<Tree, Error> {
    read(&*store(layers), &v1())
}

fn tree_of(image: &Image) -> Tree {
    read(image, &image.digest().clone().into()).unwrap()
}

fn layer_tree(image: &Image, number: usize) -> Tree {
    let layer: &Descriptor = &image.manifest().value().layers[number];
    let diff_id = &image.config().value().rootfs.diff_ids[number];
    block_on(Tree::read_layer(image, layer, diff_id, runtime(), ImageLimits::new())).unwrap()
}

/// All that is known of each path, and under which other name the file is known.
fn described(tree: &Tree) -> BTreeMap<Vec<u8>, String> {
    let mut first = BTreeMap::new();
    let mut all = BTreeMap::new();
    for (path, id, node) in tree.nodes.walk() {
        let same = first.entry(id).or_insert_with(|| path.clone()).clone();
        let Node {
            content,
            device,
            gid,
            kind,
            link,
            mode,
            mtime,
            size,
            uid,
            xattrs,
            ..
        } = node;
        let digest = content.as_ref().map(|content| content.digest.to_string());
        let link = String::from_utf8_lossy(link);
        let same = String::from_utf8_lossy(&same);
        let text =
            format!("{same} {digest:?} {device:?} {uid}:{gid} {kind:?} {link} {mode:o} {mtime:?} {size} {xattrs:?}");
        all.insert(path, text);
    }
    all
}

fn exported(layers: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let store = store(layers);
    block_on(read(&*store, &v1())?.export(&*store, Vec::new(), runtime()))
}

/// The names in an archive, as it has them.
fn names(archive: &[u8]) -> Vec<String> {
    let (mut reader, mut names) = (TarReader::new(archive), Vec::new());
    while let Some(entry) = reader.next().unwrap() {
        names.push(String::from_utf8(entry.path).unwrap());
    }
    names
}
