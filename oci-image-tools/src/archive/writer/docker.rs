//! `manifest.json`.

use std::collections::HashMap;

use oci_client_core::store::LayoutIndex;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Digest, Document};
use serde::Serialize;

use crate::archive::IMAGE_NAME;
use crate::archive::files::blob_name;

/// The images that were stored, by the digests of their manifests.
#[derive(Default)]
pub(super) struct Images(HashMap<Digest, Paths>);

struct Paths {
    config: String,
    layers: Vec<String>,
}

impl Images {
    pub(super) fn add(&mut self, document: &Document<AnyManifest>) {
        let Some(image) = document
            .value()
            .as_image()
            .filter(|image| image.config.media_type.is_image_config())
        else {
            return;
        };
        let paths = Paths {
            config: blob_name(&image.config.digest),
            layers: image.layers.iter().map(|layer| blob_name(&layer.digest)).collect(),
        };
        self.0.insert(document.digest().clone(), paths);
    }

    /// One item for each image, with all of its names.
    pub(super) fn manifest_json(&self, index: &LayoutIndex) -> Result<Vec<u8>, Error> {
        let mut items: Vec<Item<'_>> = Vec::new();
        for entry in index.entries() {
            let Some(Paths { config, layers }) = self.0.get(&entry.digest) else {
                continue;
            };
            let name = entry.annotations.get(IMAGE_NAME);
            match items
                .iter_mut()
                .find(|item| item.config == config && item.layers == layers)
            {
                Some(item) => item.repo_tags.extend(name),
                None => items.push(Item {
                    config,
                    repo_tags: name.into_iter().collect(),
                    layers,
                }),
            }
        }
        serde_json::to_vec(&items)
            .map_err(|error| Error::new(ErrorKind::Store, "the archive cannot be written").with_source(error))
    }
}

/// Docker loads images, and nothing else.
pub(super) fn check_root(document: &Document<AnyManifest>) -> Result<(), Error> {
    let message = match document.value() {
        AnyManifest::Image(image) if image.config.media_type.is_image_config() || image.subject.is_some() => {
            return Ok(());
        }
        AnyManifest::Image(_) => "a Docker archive holds images, and this is another artifact; write an OCI archive",
        AnyManifest::Index(_) => {
            "a Docker archive holds images of one platform, and this is an index; choose a platform, or write an OCI archive"
        }
    };
    Err(Error::new(ErrorKind::Unsupported, message))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item<'a> {
    config: &'a str,
    repo_tags: Vec<&'a str>,
    layers: &'a [String],
}
