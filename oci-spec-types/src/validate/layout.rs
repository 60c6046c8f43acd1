//! The rules of the header of an image layout.

use super::Report;
use crate::{LayoutHeader, json::Path};

pub(super) fn check(header: &LayoutHeader, report: &mut Report) {
    if !header.is_supported() {
        let message = format!("the version must be {}", LayoutHeader::VERSION);
        report.error(
            &Path::Root.name("imageLayoutVersion"),
            "image-spec/image-layout.md#oci-layout-file",
            message,
        );
    }
}
