//! Holding documents against the prose of the spec.
//!
//! Reading a document refuses what is dangerous and lets pass what is odd. The checks here report all of it: every finding
//! with its place, its severity and the section of the spec. [`Validate`] is for values; [`validate_bytes`] takes any bytes,
//! also such as no value could be read from.
//!
//! ```
//! use oci_spec_types::validate::{DocumentKind, Severity, validate_bytes};
//!
//! let findings = validate_bytes(DocumentKind::Descriptor, br#"{"mediaType":"text","size":-1}"#);
//! let places: Vec<&str> = findings.iter().map(|finding| finding.path()).collect();
//! assert_eq!(places, ["$.mediaType", "$.digest", "$.size"]);
//! assert!(findings.iter().all(|finding| finding.severity() == Severity::Error));
//! ```

mod annotations;
mod bytes;
mod config;
mod descriptor;
mod finding;
mod grammar;
mod index;
mod layout;
mod manifest;
mod platform;
pub(crate) mod shape;

use self::finding::Report;
pub use self::{
    bytes::{DocumentKind, UnknownDocumentKind, validate_bytes},
    finding::{Finding, MAX_FINDINGS, Severity},
};
use crate::{
    AnyManifest, Descriptor, Document, DocumentType, ImageConfig, ImageIndex, ImageManifest, LayoutHeader, json::Path,
};

/// A value that can be held against the prose of the spec.
///
/// ```
/// use oci_spec_types::{Descriptor, ImageManifest, MediaType, validate::Validate};
///
/// let mut manifest = ImageManifest::new(Descriptor::empty(), vec![]);
/// let findings: Vec<String> = manifest.findings().iter().map(|finding| finding.path().to_owned()).collect();
/// assert_eq!(findings, ["$.artifactType", "$.layers"]);
///
/// manifest.artifact_type = Some(MediaType::JSON);
/// assert!(manifest.is_valid());
/// ```
pub trait Validate {
    /// What in the value is against the spec or its advice, up to [`MAX_FINDINGS`] of each severity. Nothing is
    /// allocated where there is nothing to say.
    fn findings(&self) -> Vec<Finding>;

    /// Whether no finding is an error.
    fn is_valid(&self) -> bool {
        self.findings()
            .iter()
            .all(|finding| finding.severity() < Severity::Error)
    }
}

impl Validate for AnyManifest {
    fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Image(manifest) => manifest.findings(),
            Self::Index(index) => index.findings(),
        }
    }
}

impl Validate for Descriptor {
    fn findings(&self) -> Vec<Finding> {
        findings(|report| descriptor::check(self, descriptor::Role::Alone, &Path::Root, report))
    }
}

impl<T: DocumentType + Validate> Validate for Document<T> {
    fn findings(&self) -> Vec<Finding> {
        self.value().findings()
    }
}

impl Validate for ImageConfig {
    fn findings(&self) -> Vec<Finding> {
        findings(|report| config::check(self, report))
    }
}

impl Validate for ImageIndex {
    fn findings(&self) -> Vec<Finding> {
        findings(|report| index::check(self, report))
    }
}

impl Validate for ImageManifest {
    fn findings(&self) -> Vec<Finding> {
        findings(|report| manifest::check(self, report))
    }
}

impl Validate for LayoutHeader {
    fn findings(&self) -> Vec<Finding> {
        findings(|report| layout::check(self, report))
    }
}

/// Holds a manifest and its configuration against each other: there must be as many layers as DiffIDs.
///
/// ```
/// use oci_spec_types::{Architecture, Descriptor, ImageConfig, ImageManifest, Os, RootFs, validate::image_findings};
///
/// let config = ImageConfig::new(Os::LINUX, Architecture::AMD64, RootFs::new(vec![]));
/// let manifest = ImageManifest::new(Descriptor::empty(), vec![Descriptor::empty()]);
/// let findings = image_findings(&manifest, &config);
/// assert_eq!(findings[0].path(), "$.layers");
/// ```
#[must_use]
pub fn image_findings(manifest: &ImageManifest, config: &ImageConfig) -> Vec<Finding> {
    findings(|report| {
        if let Err(mismatch) = config.layers_of(manifest) {
            report.error(
                &Path::Root.name("layers"),
                "image-spec/config.md#properties",
                mismatch.to_string(),
            );
        }
    })
}

fn findings(check: impl FnOnce(&mut Report)) -> Vec<Finding> {
    let mut report = Report::default();
    check(&mut report);
    report.into_findings()
}
