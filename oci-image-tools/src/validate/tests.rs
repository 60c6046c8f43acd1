mod documents;
mod layers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use oci_client_core::client::Content;
use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
use oci_client_core::store::{MemoryStore, Source};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::validate::Severity;
use oci_spec_types::{
    AnyManifest, Architecture, Descriptor, Digest, Document, History, ImageConfig, ImageManifest, MediaType, Os,
    RootFs, TagOrDigest,
};

use super::{Defect, ImageReport, ValidateOptions, validate};
use crate::hostile::{archive, file};

/// An image that is made wrong in some way before it is stored.
struct Made {
    config: ImageConfig,
    layers: Vec<(Descriptor, Vec<u8>)>,
}

impl Made {
    /// An image of these layers, right in every way.
    fn new(layers: &[(MediaType, Vec<u8>, Vec<u8>)]) -> Self {
        let diff_ids = layers.iter().map(|(_, tar, _)| Digest::sha256(tar)).collect();
        let mut config = ImageConfig::new(Os::LINUX, Architecture::AMD64, RootFs::new(diff_ids));
        config.history = layers.iter().map(|_| History::default()).collect();
        let described =
            |(kind, _, blob): &(MediaType, Vec<u8>, Vec<u8>)| (Descriptor::of(kind.clone(), blob), blob.clone());
        Self {
            config,
            layers: layers.iter().map(described).collect(),
        }
    }

    /// One with two layers that are not compressed.
    fn plain() -> Self {
        Self::of_tars(&[&[file("a", b"1")], &[file("b", b"2")]])
    }

    fn of_tars(layers: &[&[Vec<u8>]]) -> Self {
        let layers = layers.iter().map(|parts| archive(parts));
        let layers: Vec<_> = layers.map(|tar| (MediaType::IMAGE_LAYER, tar.clone(), tar)).collect();
        Self::new(&layers)
    }

    fn put(&self, store: &MemoryStore) -> Document<AnyManifest> {
        let config = Document::from_value(self.config.clone()).unwrap();
        let config = store.add_blob(MediaType::IMAGE_CONFIG, config.bytes().to_vec());
        for (descriptor, blob) in &self.layers {
            store.add_content(descriptor, Arc::new(bytes::Bytes::from(blob.clone())));
        }
        let layers = self.layers.iter().map(|(descriptor, _)| descriptor.clone()).collect();
        let manifest = AnyManifest::Image(ImageManifest::new(config, layers));
        let manifest = Document::from_value(manifest).unwrap();
        store.add_manifest(manifest.clone(), Some("v1".parse().unwrap()));
        manifest
    }

    /// What is found in the full mode, and in the fast one.
    fn both(&self) -> [Vec<Row>; 2] {
        let store = MemoryStore::new();
        self.put(&store);
        both(&store)
    }
}

/// What is compared of a finding: kind, place, file, whether it is an error.
type Row = (Defect, String, Option<String>, bool);

fn row(defect: Defect, path: &str) -> Row {
    (defect, path.to_owned(), None, true)
}

fn report(source: &dyn Source, options: &ValidateOptions) -> ImageReport {
    let runtime: Arc<dyn Runtime> = Arc::new(ThreadRuntime::new());
    block_on(validate(source, &v1(), &runtime, options)).unwrap()
}

fn rows(report: &ImageReport) -> Vec<Row> {
    let rows = report.findings().iter().map(|finding| {
        let file = finding.file().map(|file| String::from_utf8(file.to_vec()).unwrap());
        let is_error = finding.severity() == Severity::Error;
        (finding.defect(), finding.path().to_owned(), file, is_error)
    });
    let rows: Vec<Row> = rows.collect();
    assert_eq!(report.is_valid(), rows.iter().all(|(.., is_error)| !is_error));
    assert!(report.is_complete());
    rows
}

fn both(source: &dyn Source) -> [Vec<Row>; 2] {
    let options = ValidateOptions::new();
    [options, options.with_fast()].map(|options| rows(&report(source, &options)))
}

fn v1() -> TagOrDigest {
    TagOrDigest::Tag("v1".parse().unwrap())
}

/// A store that counts what is asked of it, gives blobs out as they are, and fails where it is told to.
#[derive(Default)]
struct Odd {
    asked: Mutex<HashMap<(&'static str, Digest), usize>>,
    failing: Option<Digest>,
    store: MemoryStore,
}

impl Odd {
    fn note(&self, what: &'static str, digest: &Digest) -> Result<(), Error> {
        *self.asked.lock().unwrap().entry((what, digest.clone())).or_default() += 1;
        match self.failing.as_ref() == Some(digest) {
            true => Err(Error::new(ErrorKind::Server, "out of order")),
            false => Ok(()),
        }
    }

    fn count(&self, what: &str, digest: &Digest) -> usize {
        let asked = self.asked.lock().unwrap();
        let found = asked.iter().find(|((known, of), _)| *known == what && of == digest);
        found.map_or(0, |(_, count)| *count)
    }
}

#[async_trait]
impl Source for Odd {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        if let TagOrDigest::Digest(digest) = target {
            self.note("manifest", digest)?;
        }
        self.store.manifest(target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        self.note("blob", &descriptor.digest)?;
        let missing = || Error::new(ErrorKind::NotFound, "nothing there");
        self.store.content(&descriptor.digest).ok_or_else(missing)
    }

    async fn check_blob(&self, descriptor: &Descriptor) -> Result<(), Error> {
        self.note("check", &descriptor.digest)?;
        self.store.blob(descriptor).await.map(drop)
    }
}
