//! A manifest with its configuration.

use oci_client_core::proto::HostProfile;
use oci_client_core::store::Source;
use oci_spec_types::validate::{Severity, Validate};
use oci_spec_types::{Descriptor, Digest, Document, ImageConfig, ImageManifest, Limits, Platform};

use super::blobs::{Blob, Blobs};
use super::documents::{add_document, defect};
use super::report::{Defect, Findings, ImageFinding, Place};
use crate::transfer;

/// Checks a manifest's configuration and its blobs; the platform, if it is an image.
pub(super) async fn check(
    source: &dyn Source,
    digest: &Digest,
    manifest: &ImageManifest,
    blobs: &mut Blobs<'_>,
    findings: &mut Findings,
) -> Option<Platform> {
    let place = Place::new(digest, "$.config");
    let (mut config, mut all) = (None, Vec::new());
    if manifest.config.media_type.is_image_config() {
        config = read(source, &manifest.config, &place, findings).await;
    } else {
        all.push(Blob::new(&manifest.config, place));
    }
    if let Some(config) = &config {
        pair(digest, manifest, config, findings);
    }
    let mut diff_ids = config.iter().flat_map(|config| &config.value().rootfs.diff_ids);
    for (position, layer) in manifest.layers.iter().enumerate() {
        let place = Place::new(digest, format!("$.layers[{position}]"));
        all.push(Blob::new(layer, place).with_diff_id(diff_ids.next()));
    }
    blobs.check(all, findings).await;
    config.map(|config| config.value().platform())
}

async fn read(
    source: &dyn Source,
    descriptor: &Descriptor,
    place: &Place,
    findings: &mut Findings,
) -> Option<Document<ImageConfig>> {
    let limit = HostProfile::MANIFEST_LIMIT as u64;
    let bytes = match transfer::read(source, descriptor, limit, "the configuration").await {
        Ok(bytes) => bytes,
        Err(error) => {
            findings.error(defect(&error), place, error.to_string());
            return None;
        }
    };
    match Document::parse_with(bytes.as_ref(), descriptor.media_type.clone(), &Limits::new()) {
        Ok(config) => Some(config),
        Err(error) => {
            findings.error(
                Defect::Document,
                &Place::new(&descriptor.digest, "$"),
                error.to_string(),
            );
            None
        }
    }
}

/// Holds the configuration against the specification and against the manifest.
fn pair(digest: &Digest, manifest: &ImageManifest, config: &Document<ImageConfig>, findings: &mut Findings) {
    let mut found = config.findings();
    // About the history, which is a finding of its own kind here.
    found.retain(|finding| finding.path() != "$.rootfs.diff_ids");
    let config_digest = &manifest.config.digest;
    add_document(findings, config_digest, found, false);
    let config = config.value();
    if let Err(mismatch) = config.layers_of(manifest) {
        findings.error(
            Defect::LayerCount,
            &Place::new(digest, "$.layers"),
            mismatch.to_string(),
        );
    }
    let told = config.history.iter().filter(|step| step.has_layer()).count();
    let layers = config.rootfs.diff_ids.len();
    if !config.history.is_empty() && told != layers {
        let message = format!("the history tells of {told} layers, but there are {layers}");
        let place = Place::new(config_digest, "$.history");
        findings.add(ImageFinding::new(Defect::History, &place, message).with_severity(Severity::Error));
    }
}
