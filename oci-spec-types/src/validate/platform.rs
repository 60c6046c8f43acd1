//! The rules of platforms.

use super::Report;
use crate::{Architecture, Os, Platform, json::Path};

pub(super) fn check(platform: &Platform, path: &Path<'_>, report: &mut Report) {
    check_names(&platform.os, &platform.architecture, SECTION, path, report);
    check_variant(platform, SECTION, path, report);
    if platform.extra.get("features").is_some() {
        report.warning(
            &path.name("features"),
            SECTION,
            "the name is reserved for later versions of the spec",
        );
    }
}

/// Checks operating system and architecture, which configurations have as well.
pub(super) fn check_names(
    os: &Os,
    architecture: &Architecture,
    section: &'static str,
    path: &Path<'_>,
    report: &mut Report,
) {
    if architecture.as_str().is_empty() {
        report.error(
            &path.name("architecture"),
            section,
            "the architecture must not be empty",
        );
    } else if !Architecture::KNOWN.contains(architecture) {
        report.warning(
            &path.name("architecture"),
            section,
            "the architecture should be one of Go's names (GOARCH)",
        );
    }
    if os.as_str().is_empty() {
        report.error(&path.name("os"), section, "the operating system must not be empty");
    } else if !Os::KNOWN.contains(os) {
        report.warning(
            &path.name("os"),
            section,
            "the operating system should be one of Go's names (GOOS)",
        );
    }
}

pub(super) fn check_variant(platform: &Platform, section: &'static str, path: &Path<'_>, report: &mut Report) {
    if !platform.has_known_variant() {
        report.warning(
            &path.name("variant"),
            section,
            "the variant is not one that the spec lists for the architecture",
        );
    }
}

const SECTION: &str = "image-spec/image-index.md#image-index-property-descriptions";
