//! The rules of image manifests.

use super::{
    Report, annotations,
    descriptor::{self, Role},
};
use crate::{Descriptor, ImageManifest, MediaType, json::Path};

pub(super) fn check(manifest: &ImageManifest, report: &mut Report) {
    let root = Path::Root;
    check_media_type(manifest, &root, report);
    if manifest.artifact_type.is_none() && manifest.config.media_type == MediaType::EMPTY_JSON {
        let message = "an artifact type is required where the configuration is of the empty type";
        report.error(&root.name("artifactType"), PROPERTIES, message);
    }
    let config = root.name("config");
    descriptor::check(&manifest.config, Role::Config, &config, report);
    check_origin(manifest, &manifest.config, &config, report);
    if manifest.layers.is_empty() {
        let message = "there should be at least one layer; the empty descriptor stands for none";
        report.warning(&root.name("layers"), PROPERTIES, message);
    }
    for (index, layer) in manifest.layers.iter().enumerate() {
        let layers = root.name("layers");
        let path = layers.index(index);
        descriptor::check(layer, Role::Layer, &path, report);
        check_origin(manifest, layer, &path, report);
        check_layer(manifest, layer, &path, report);
    }
    if let Some(subject) = &manifest.subject {
        descriptor::check(subject, Role::Subject, &root.name("subject"), report);
    }
    annotations::check(
        &manifest.annotations,
        annotations::Place::Other,
        &root.name("annotations"),
        report,
    );
}

fn check_media_type(manifest: &ImageManifest, root: &Path<'_>, report: &mut Report) {
    let path = root.name("mediaType");
    match &manifest.media_type {
        None => report.warning(
            &path,
            PROPERTIES,
            "the media type should be there, so that the document says what it is",
        ),
        Some(media_type) if *media_type != MediaType::IMAGE_MANIFEST => {
            report.error(
                &path,
                PROPERTIES,
                format!("the media type must be {}", MediaType::IMAGE_MANIFEST),
            );
        }
        Some(_) => {}
    }
}

/// Types of Docker and of OCI do not belong into one manifest.
fn check_origin(manifest: &ImageManifest, part: &Descriptor, path: &Path<'_>, report: &mut Report) {
    let is_docker = manifest.media_type.as_ref().is_some_and(MediaType::is_docker);
    let is_image_part = part.media_type.is_layer() || part.media_type.is_image_config();
    if is_image_part && part.media_type.is_docker() != is_docker {
        let message = "types of Docker and of OCI should not be mixed in one manifest";
        report.warning(
            &path.name("mediaType"),
            "image-spec/media-types.md#compatibility-matrix",
            message,
        );
    }
}

fn check_layer(manifest: &ImageManifest, layer: &Descriptor, path: &Path<'_>, report: &mut Report) {
    if manifest.config.media_type.is_image_config() && !layer.media_type.is_layer() && !layer.media_type.is_manifest() {
        let message = "the layer of an image should be of a layer type; others are not portable";
        report.warning(&path.name("mediaType"), PROPERTIES, message);
    }
}

const PROPERTIES: &str = "image-spec/manifest.md#image-manifest-property-descriptions";
