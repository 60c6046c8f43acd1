use std::fmt;

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::validate::Severity;
use oci_spec_types::{Digest, Mismatch, Sanitized};

/// What was found about an image or index.
#[derive(Clone, Debug)]
pub struct ImageReport {
    blobs: usize,
    findings: Findings,
    manifests: usize,
    root: Digest,
}

impl ImageReport {
    pub(super) const fn new(root: Digest, findings: Findings, manifests: usize, blobs: usize) -> Self {
        Self {
            blobs,
            findings,
            manifests,
            root,
        }
    }

    /// How many different blobs were looked at; the configurations of images do not count.
    pub const fn blobs(&self) -> usize {
        self.blobs
    }

    /// The findings, image by image: what is about documents, then what is about blobs.
    pub fn findings(&self) -> &[ImageFinding] {
        &self.findings.found
    }

    /// Whether all findings are here: [`MAX_FINDINGS`](Self::MAX_FINDINGS) are kept at most.
    pub const fn is_complete(&self) -> bool {
        !self.findings.has_more
    }

    /// Whether nothing that was found is an error, kept or not; there may be warnings.
    pub fn is_valid(&self) -> bool {
        let warnings = self.findings().iter().all(|finding| finding.severity < Severity::Error);
        warnings && !self.findings.has_more_errors
    }

    /// How many different manifests and indexes were looked at.
    pub const fn manifests(&self) -> usize {
        self.manifests
    }

    /// The digest of the image or index.
    pub const fn root(&self) -> &Digest {
        &self.root
    }

    /// The most findings that are kept.
    pub const MAX_FINDINGS: usize = 10_000;
}

/// One thing that is wrong with an image.
///
/// `Display` is one line, such as ``error: sha256:…: $.layers[1]: `etc/motd`: two entries have this path``.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImageFinding {
    defect: Defect,
    document: Digest,
    file: Option<Vec<u8>>,
    message: String,
    path: String,
    severity: Severity,
}

impl ImageFinding {
    pub(super) fn new(defect: Defect, place: &Place, message: impl Into<String>) -> Self {
        Self {
            defect,
            document: place.document.clone(),
            file: None,
            message: message.into(),
            path: place.path.clone(),
            severity: Severity::Error,
        }
    }

    pub(super) fn in_file(mut self, file: &[u8]) -> Self {
        self.file = Some(file.to_vec());
        self
    }

    pub(super) const fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// What kind of thing is wrong.
    pub const fn defect(&self) -> Defect {
        self.defect
    }

    /// The document, a manifest, index or configuration, that it is about or that names what it is about.
    pub const fn document(&self) -> &Digest {
        &self.document
    }

    /// The path of the entry in the layer, as the archive has it, if it is about one.
    pub fn file(&self) -> Option<&[u8]> {
        self.file.as_deref()
    }

    /// What is wrong, in words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place in the document, such as `$.layers[1]`; `$` for all of it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How bad it is: with a warning, the image can be used.
    pub const fn severity(&self) -> Severity {
        self.severity
    }
}

impl fmt::Display for ImageFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}: ", self.severity, self.document, self.path)?;
        if let Some(file) = &self.file {
            write!(formatter, "`{}`: ", Sanitized::new(&String::from_utf8_lossy(file)))?;
        }
        formatter.write_str(&self.message)
    }
}

/// The kinds of things that may be wrong with an image.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Defect {
    /// A layer is no archive that can be read, or an entry of it cannot be used.
    Archive,
    /// A layer without its compression does not have the digest that the configuration says.
    DiffId,
    /// A manifest or blob does not have its digest.
    Digest,
    /// A document breaks a rule of the specification.
    Document,
    /// Two entries of one layer have the same path. A warning, if both are directories.
    DuplicatePath,
    /// The history does not tell of as many layers as there are.
    History,
    /// There are more or fewer layers than DiffIDs.
    LayerCount,
    /// More than a limit allows.
    Limit,
    /// Something is not of the type that it is said to be.
    MediaType,
    /// A manifest or blob is not there.
    Missing,
    /// An index says another platform than the image's configuration.
    Platform,
    /// A manifest or blob has another size.
    Size,
    /// A manifest or blob could not be fetched, so that nothing is known of it.
    Unreadable,
}

impl Defect {
    /// What the failure to get something that has a digest means.
    pub(super) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Mismatch => match error.mismatch() {
                Some(Mismatch::Digest { .. }) => Self::Digest,
                _ => Self::Size,
            },
            ErrorKind::NotFound => Self::Missing,
            ErrorKind::TooLarge => Self::Limit,
            _ => Self::Unreadable,
        }
    }
}

/// Where something is wrong: a path in a document.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) document: Digest,
    pub(super) path: String,
}

impl Place {
    pub(super) fn new(document: &Digest, path: impl Into<String>) -> Self {
        Self {
            document: document.clone(),
            path: path.into(),
        }
    }
}

/// Collects findings, as many as are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    found: Vec<ImageFinding>,
    has_more: bool,
    has_more_errors: bool,
}

impl Findings {
    pub(super) fn add(&mut self, finding: ImageFinding) {
        if self.found.len() < ImageReport::MAX_FINDINGS {
            self.found.push(finding);
            return;
        }
        self.has_more = true;
        self.has_more_errors |= finding.severity == Severity::Error;
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.has_more |= other.has_more;
        self.has_more_errors |= other.has_more_errors;
        other.found.into_iter().for_each(|finding| self.add(finding));
    }

    pub(super) fn error(&mut self, defect: Defect, place: &Place, message: impl Into<String>) {
        self.add(ImageFinding::new(defect, place, message));
    }
}
