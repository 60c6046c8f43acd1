mod attributes;
mod directories;
mod interrupted;
mod limits;
mod paths;
mod swapped;
mod trees;
mod whiteouts;
mod whole;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::store::MemoryStore;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{
    AnyManifest, Architecture, Digest, Document, ImageConfig, ImageManifest, MediaType, Os, RootFs, Tag, TagOrDigest,
};
use tempfile::TempDir;

use crate::ImageLimits;
use crate::tree::{FileKind, Tree};
use crate::unpack::{UnpackOptions, Unpacked, unpack};

/// A directory that holds another one's files and, in it, a place to unpack to.
struct Place {
    outer: TempDir,
}

impl Place {
    fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        fs::write(outer.path().join("secret"), "secret").unwrap();
        fs::create_dir(outer.path().join("others")).unwrap();
        Self { outer }
    }

    fn root(&self) -> PathBuf {
        self.outer.path().join("rootfs")
    }

    fn unpack(&self, layers: &[Vec<u8>], options: &UnpackOptions) -> Result<Unpacked, Error> {
        let (store, target) = image(layers);
        let unpacked = block_on(unpack(
            &store,
            &target,
            &self.root(),
            Arc::new(ThreadRuntime::new()),
            options,
        ));
        self.assert_untouched();
        if unpacked.is_err() {
            let left = fs::read_dir(self.outer.path()).unwrap().count();
            assert_eq!(left, 2, "something is left of an image that could not be unpacked");
        }
        unpacked
    }

    /// What is outside of the root is as it was.
    fn assert_untouched(&self) {
        let outer = self.outer.path();
        assert_eq!(fs::read(outer.join("secret")).unwrap(), b"secret");
        assert_eq!(fs::metadata(outer.join("secret")).unwrap().nlink(), 1);
        assert_eq!(fs::read_dir(outer.join("others")).unwrap().count(), 0);
        assert_eq!(fs::metadata(outer.join("others")).unwrap().mode() & 0o7000, 0);
    }
}

fn image_of(layers: &[(MediaType, Vec<u8>, Digest)]) -> (MemoryStore, TagOrDigest) {
    let store = MemoryStore::new();
    let rootfs = RootFs::new(layers.iter().map(|(_, _, diff_id)| diff_id.clone()).collect());
    let config = Document::from_value(ImageConfig::new(Os::LINUX, Architecture::AMD64, rootfs)).unwrap();
    let config = store.add_blob(MediaType::IMAGE_CONFIG, config.bytes().to_vec());
    let layers = layers
        .iter()
        .map(|(kind, blob, _)| store.add_blob(kind.clone(), blob.clone()));
    let manifest = AnyManifest::Image(ImageManifest::new(config, layers.collect()));
    let tag: Tag = "v1".parse().unwrap();
    store.add_manifest(Document::from_value(manifest).unwrap(), Some(tag.clone()));
    (store, tag.into())
}

fn image(layers: &[Vec<u8>]) -> (MemoryStore, TagOrDigest) {
    let layers: Vec<_> = layers
        .iter()
        .map(|tar| (MediaType::IMAGE_LAYER, tar.clone(), Digest::sha256(tar)))
        .collect();
    image_of(&layers)
}

fn read_tree(layers: &[Vec<u8>]) -> Result<Tree, Error> {
    let (store, target) = image(layers);
    block_on(Tree::read(
        &store,
        &target,
        None,
        Arc::new(ThreadRuntime::new()),
        ImageLimits::new(),
    ))
}

/// Paths with what they are, as the disk has them.
fn on_disk(root: &Path) -> BTreeMap<Vec<u8>, String> {
    let (mut found, mut open) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let what = if metadata.is_dir() {
                open.push(path.clone());
                "directory".to_owned()
            } else if metadata.is_symlink() {
                format!("-> {}", fs::read_link(&path).unwrap().display())
            } else {
                format!("{} bytes", metadata.len())
            };
            let name = path.strip_prefix(root).unwrap().as_os_str().as_encoded_bytes().to_vec();
            found.insert(name, what);
        }
    }
    found
}

/// The same, as the tree has them.
fn in_tree(tree: &Tree) -> BTreeMap<Vec<u8>, String> {
    let described = tree.files().map(|file| {
        let what = match file.kind() {
            FileKind::Directory => "directory".to_owned(),
            FileKind::Symlink => format!("-> {}", String::from_utf8_lossy(file.link_target())),
            _ => format!("{} bytes", file.size()),
        };
        (file.path().to_vec(), what)
    });
    described.collect()
}

/// Unpacks, and holds the tree to the result.
fn unpacked(layers: &[Vec<u8>]) -> (Place, BTreeMap<String, String>) {
    let place = Place::new();
    place.unpack(layers, &UnpackOptions::new()).unwrap();
    let disk = on_disk(&place.root());
    assert_eq!(in_tree(&read_tree(layers).unwrap()), disk);
    let text = disk
        .into_iter()
        .map(|(path, what)| (String::from_utf8(path).unwrap(), what));
    (place, text.collect())
}

fn refused(layers: &[Vec<u8>], kind: ErrorKind) {
    let error = Place::new().unpack(layers, &UnpackOptions::new()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let error = read_tree(layers).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
}

fn names(found: &BTreeMap<String, String>) -> Vec<&str> {
    found.keys().map(String::as_str).collect()
}

/// Says what could not be tested, whether or not the output of tests is shown.
fn skipped(why: &str) {
    writeln!(io::stderr(), "SKIPPED: {why}").unwrap();
}
