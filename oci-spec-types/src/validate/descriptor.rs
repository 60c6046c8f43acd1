//! The rules of descriptors.

use super::{Report, annotations, grammar::is_uri, platform};
use crate::{Descriptor, EmbeddedDataError, MediaType, Mismatch, json::Path};

/// What a descriptor is used as.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Alone,
    Config,
    IndexEntry,
    Layer,
    Subject,
}

pub(super) fn check(descriptor: &Descriptor, role: Role, path: &Path<'_>, report: &mut Report) {
    check_size(descriptor, path, report);
    check_data(descriptor, path, report);
    check_type(descriptor, role, path, report);
    for (index, url) in descriptor.urls.iter().enumerate() {
        check_url(url, &path.name("urls").index(index), report);
    }
    if let Some(platform) = &descriptor.platform {
        platform::check(platform, &path.name("platform"), report);
        if matches!(role, Role::Config | Role::Layer | Role::Subject) {
            let message = "a platform counts only on the entries of an index";
            report.warning(
                &path.name("platform"),
                "image-spec/image-index.md#image-index-property-descriptions",
                message,
            );
        }
    }
    let place = match role {
        Role::Alone | Role::IndexEntry => annotations::Place::IndexEntry,
        Role::Config | Role::Layer | Role::Subject => annotations::Place::Other,
    };
    annotations::check(&descriptor.annotations, place, &path.name("annotations"), report);
}

fn check_size(descriptor: &Descriptor, path: &Path<'_>, report: &mut Report) {
    if let Err(message) = descriptor.check_size() {
        report.error(&path.name("size"), PROPERTIES, message);
    } else if descriptor.size > MAX_EXACT {
        let message = "the size is above 2^53, which not every JSON reader keeps exactly";
        report.warning(&path.name("size"), "image-spec/considerations.md#json", message);
    }
    if !descriptor.digest.is_verifiable() {
        let message = "the algorithm cannot be computed here, so that the content cannot be verified";
        report.warning(&path.name("digest"), "image-spec/descriptor.md#digests", message);
    }
}

fn check_data(descriptor: &Descriptor, path: &Path<'_>, report: &mut Report) {
    let path = path.name("data");
    match descriptor.embedded_content() {
        Ok(_) => {}
        Err(EmbeddedDataError::Base64(error)) => report.error(&path, EMBEDDED, error.to_string()),
        Err(EmbeddedDataError::Mismatch(Mismatch::Unsupported(_))) => {
            let len = descriptor
                .data
                .as_ref()
                .and_then(|data| data.decode_unverified().ok())
                .map(|content| content.len() as u64);
            if len != Some(descriptor.size) {
                report.error(
                    &path,
                    EMBEDDED,
                    "the content has another size than the descriptor states",
                );
            }
        }
        Err(EmbeddedDataError::Mismatch(error)) => report.error(&path, EMBEDDED, error.to_string()),
    }
}

fn check_type(descriptor: &Descriptor, role: Role, path: &Path<'_>, report: &mut Report) {
    let media_type = &descriptor.media_type;
    let mut warn = |section, message| report.warning(&path.name("mediaType"), section, message);
    if media_type.is_nondistributable() {
        warn(
            "image-spec/layer.md#non-distributable-layers",
            "non-distributable layers are deprecated",
        );
    }
    match role {
        Role::IndexEntry if is_part_of_manifest(media_type) => {
            warn(
                "image-spec/image-index.md#image-index-property-descriptions",
                "the entries of an index are manifests",
            );
        }
        Role::Subject if is_part_of_manifest(media_type) => {
            warn(
                "image-spec/manifest.md#image-manifest-property-descriptions",
                "the subject should be a manifest",
            );
        }
        Role::Config | Role::Layer if media_type.is_manifest() => {
            warn(
                "image-spec/manifest.md#image-manifest-property-descriptions",
                "a manifest is no blob of a manifest",
            );
        }
        _ => {}
    }
    if *media_type == MediaType::EMPTY_JSON && descriptor.digest.is_verifiable() {
        if descriptor.digest.verify(b"{}").is_err() {
            report.error(
                &path.name("digest"),
                EMPTY,
                "the content of the empty type must be `{}`",
            );
        } else if descriptor.size != 2 {
            report.error(
                &path.name("size"),
                EMPTY,
                "the content of the empty type is `{}`, of size 2",
            );
        }
    }
}

fn check_url(url: &str, path: &Path<'_>, report: &mut Report) {
    if !is_uri(url) {
        report.error(path, PROPERTIES, "the value must be an absolute URI (RFC 3986)");
    } else if !url.starts_with("https://") && !url.starts_with("http://") {
        report.warning(path, PROPERTIES, "the URI should be one of https or http");
    }
}

fn is_part_of_manifest(media_type: &MediaType) -> bool {
    media_type.is_layer() || media_type.is_image_config() || *media_type == MediaType::EMPTY_JSON
}

const EMPTY: &str = "image-spec/manifest.md#guidance-for-an-empty-descriptor";

const EMBEDDED: &str = "image-spec/descriptor.md#embedded-content";

/// 2^53: up to here, every integer is a double.
const MAX_EXACT: u64 = 1 << 53;

const PROPERTIES: &str = "image-spec/descriptor.md#properties";
