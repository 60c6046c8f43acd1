//! Images of archives that are no layouts: configurations and layers, named by `manifest.json`.

use std::collections::HashMap;

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Algorithm, Descriptor, Digest, Document, ImageConfig, ImageManifest, MediaType, Sanitized};
use serde::Deserialize;

use super::DockerImage;
use super::files::Files;
use super::scan::Place;

/// The images, and where their blobs are.
pub(super) struct Images {
    pub(super) images: Vec<DockerImage>,
    pub(super) places: HashMap<Digest, Place>,
}

impl Images {
    /// Reads `manifest.json` and makes a manifest for each image. Blocks.
    pub(super) fn read(files: &Files) -> Result<Self, Error> {
        let mut found = Self {
            images: Vec::new(),
            places: HashMap::new(),
        };
        for item in read_items(files)? {
            let image = found.add(files, &item)?;
            let names = item.repo_tags.unwrap_or_default();
            found.images.push(DockerImage::new(image.into(), names));
        }
        Ok(found)
    }

    fn add(&mut self, files: &Files, item: &Item) -> Result<Document<ImageManifest>, Error> {
        let bytes = files.document(&item.config)?;
        let config = Descriptor::of(MediaType::IMAGE_CONFIG, &bytes);
        self.places
            .extend(files.find(&item.config).map(|place| (config.digest.clone(), place)));
        let parsed = Document::<ImageConfig>::parse(bytes, MediaType::IMAGE_CONFIG);
        let parsed = parsed
            .map_err(|error| invalid(files, "the configuration of an image cannot be used").with_source(error))?;
        let (diff_ids, names) = (
            &parsed.value().rootfs.diff_ids,
            item.layers.as_deref().unwrap_or_default(),
        );
        if diff_ids.len() != names.len() {
            let message = format!("an image has {} layers and {} DiffIDs", names.len(), diff_ids.len());
            return Err(invalid(files, &message));
        }
        let mut layers = Vec::new();
        for (name, diff_id) in names.iter().zip(diff_ids) {
            let (layer, place) = describe(files, name, diff_id)?;
            self.places.insert(layer.digest.clone(), place);
            layers.push(layer);
        }
        let manifest = Document::from_value(ImageManifest::new(config, layers));
        manifest.map_err(|error| invalid(files, "an image cannot be described").with_source(error))
    }
}

fn read_items(files: &Files) -> Result<Vec<Item>, Error> {
    let bytes = files.document(MANIFEST).map_err(|error| match error.kind() {
        ErrorKind::NotFound => invalid(
            files,
            "it is no image archive: it has neither `manifest.json` nor `index.json` (archives of Docker before 1.10 have to be loaded and saved again)",
        ),
        _ => error,
    })?;
    serde_json::from_slice(&bytes).map_err(|error| invalid(files, "`manifest.json` cannot be read").with_source(error))
}

/// An uncompressed layer's digest is its DiffID, which is checked when it is read; that of a compressed one has to be computed.
fn describe(files: &Files, name: &str, diff_id: &Digest) -> Result<(Descriptor, Place), Error> {
    let place = files.find(name).ok_or_else(|| {
        let message = format!("it has no layer `{}`", Sanitized::new(name));
        invalid(files, &message)
    })?;
    let start = files.read(place, 0, place.size.min(4))?;
    let media_type = match start.as_slice() {
        [0x1f, 0x8b, ..] => MediaType::IMAGE_LAYER_GZIP,
        [0x28, 0xb5, 0x2f, 0xfd] => MediaType::IMAGE_LAYER_ZSTD,
        _ => {
            return Ok((
                Descriptor::new(MediaType::IMAGE_LAYER, diff_id.clone(), place.size),
                place,
            ));
        }
    };
    Ok((Descriptor::new(media_type, hash(files, place)?, place.size), place))
}

fn hash(files: &Files, place: Place) -> Result<Digest, Error> {
    let mut hasher = Algorithm::SHA256.hasher()?;
    let mut offset = 0;
    while offset < place.size {
        let len = place.size.saturating_sub(offset).min(CHUNK);
        hasher.update(&files.read(place, offset, len)?);
        offset = offset.saturating_add(len);
    }
    Ok(hasher.finish())
}

fn invalid(files: &Files, message: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("{}: {message}", files.path().display()))
}

/// One image of `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    layers: Option<Vec<String>>,
    repo_tags: Option<Vec<String>>,
}

const CHUNK: u64 = 256 << 10;

const MANIFEST: &str = "manifest.json";
