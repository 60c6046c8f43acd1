//! The rules of image indexes.

use super::{
    Report, annotations,
    descriptor::{self, Role},
};
use crate::{ImageIndex, MediaType, json::Path};

pub(super) fn check(index: &ImageIndex, report: &mut Report) {
    let root = Path::Root;
    let path = root.name("mediaType");
    match &index.media_type {
        None => report.warning(
            &path,
            PROPERTIES,
            "the media type should be there, so that the document says what it is",
        ),
        Some(media_type) if *media_type != MediaType::IMAGE_INDEX => {
            report.error(
                &path,
                PROPERTIES,
                format!("the media type must be {}", MediaType::IMAGE_INDEX),
            );
        }
        Some(_) => {}
    }
    for (position, entry) in index.manifests.iter().enumerate() {
        descriptor::check(entry, Role::IndexEntry, &root.name("manifests").index(position), report);
    }
    if let Some(subject) = &index.subject {
        descriptor::check(subject, Role::Subject, &root.name("subject"), report);
    }
    annotations::check(
        &index.annotations,
        annotations::Place::Other,
        &root.name("annotations"),
        report,
    );
}

const PROPERTIES: &str = "image-spec/image-index.md#image-index-property-descriptions";
