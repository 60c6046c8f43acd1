//! Checking bytes that may not be a document at all.

use std::{
    collections::HashSet,
    fmt::{self, Display},
    str::FromStr,
};

use serde_json::Value;

use super::{
    Finding, Report, Severity, Validate,
    shape::{self, Schema},
};
use crate::{
    Descriptor, ImageConfig, ImageIndex, ImageManifest, LayoutHeader, Limits, ParseError,
    json::{Rules, check_all, utf8},
};

/// Holds bytes against the prose of the spec for one kind of document.
///
/// Unlike reading, it goes on after a fault where that is possible: a malformed digest in one layer hides nothing of the other
/// layers. Bytes that are not JSON have one finding. The default [`Limits`] apply, and
/// at most [`MAX_FINDINGS`](super::MAX_FINDINGS) findings are reported.
#[must_use]
pub fn validate_bytes(kind: DocumentKind, bytes: &[u8]) -> Vec<Finding> {
    let limits = Limits::new();
    let text = match utf8(bytes, &limits) {
        Ok(text) => text,
        Err(error) => return vec![finding_of(&error)],
    };
    let rules = Rules {
        limits: &limits,
        manifest: matches!(kind, DocumentKind::Index | DocumentKind::Manifest),
    };
    let mut faults = Vec::new();
    let readable = check_all(text, rules, &mut faults);
    faults.extend(readable.clone().err());
    let mut report = Report::default();
    faults.iter().for_each(|fault| report.push(finding_of(fault)));
    if readable.is_ok() {
        check_values(kind, text, &mut report);
    }
    report.into_findings()
}

/// Checks a text that can be read: the shape of its values first, then what they mean.
fn check_values(kind: DocumentKind, text: &str, report: &mut Report) {
    let mut tree = serde_json::from_str(text).unwrap_or(Value::Null);
    shape::walk(&mut tree, kind.schema(), &mut |path, fault| {
        if report.is_full() {
            return;
        }
        let severity = if fault.tolerable {
            Severity::Warning
        } else {
            Severity::Error
        };
        report.push(Finding::new(severity, path.to_string(), fault.section, fault.message));
    });
    let malformed: HashSet<String> = report
        .findings()
        .iter()
        .map(|finding| finding.path().to_owned())
        .collect();
    let others = kind.findings(tree).into_iter();
    for finding in others.filter(|finding| !is_within(finding.path(), &malformed)) {
        report.push(finding);
    }
}

/// The kinds of documents that can be checked, by the names that a command line gives them.
///
/// ```
/// use oci_spec_types::validate::DocumentKind;
///
/// assert_eq!("layout-header".parse(), Ok(DocumentKind::LayoutHeader));
/// assert_eq!(DocumentKind::Manifest.to_string(), "manifest");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DocumentKind {
    /// An image configuration: `config`.
    Config,
    /// A descriptor: `descriptor`.
    Descriptor,
    /// An image index: `index`.
    Index,
    /// The `oci-layout` file: `layout-header`.
    LayoutHeader,
    /// An image manifest: `manifest`.
    Manifest,
}

impl DocumentKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Config,
        Self::Descriptor,
        Self::Index,
        Self::LayoutHeader,
        Self::Manifest,
    ];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Descriptor => "descriptor",
            Self::Index => "index",
            Self::LayoutHeader => "layout-header",
            Self::Manifest => "manifest",
        }
    }

    const fn schema(self) -> &'static Schema {
        match self {
            Self::Config => &Schema::CONFIG,
            Self::Descriptor => &Schema::DESCRIPTOR,
            Self::Index => &Schema::INDEX,
            Self::LayoutHeader => &Schema::LAYOUT_HEADER,
            Self::Manifest => &Schema::MANIFEST,
        }
    }

    /// What the typed value of a mended tree has to say.
    fn findings(self, tree: Value) -> Vec<Finding> {
        match self {
            Self::Config => findings_as::<ImageConfig>(tree),
            Self::Descriptor => findings_as::<Descriptor>(tree),
            Self::Index => findings_as::<ImageIndex>(tree),
            Self::LayoutHeader => findings_as::<LayoutHeader>(tree),
            Self::Manifest => findings_as::<ImageManifest>(tree),
        }
    }
}

impl Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DocumentKind {
    type Err = UnknownDocumentKind;

    fn from_str(name: &str) -> Result<Self, UnknownDocumentKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or(UnknownDocumentKind(()))
    }
}

/// A name that is not one of a kind of document.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown kind of document; there are config, descriptor, index, layout-header and manifest")]
pub struct UnknownDocumentKind(());

fn findings_as<T: Validate + serde::de::DeserializeOwned>(tree: Value) -> Vec<Finding> {
    serde_json::from_value::<T>(tree)
        .map(|value| value.findings())
        .unwrap_or_default()
}

fn finding_of(error: &ParseError) -> Finding {
    let message = match error.offset() {
        Some(offset) => format!("{}, at byte {offset}", error.message()),
        None => error.message().to_owned(),
    };
    Finding::new(
        Severity::Error,
        error.path().unwrap_or("$"),
        "image-spec/considerations.md",
        message,
    )
}

/// Whether `path` is one of `places` or inside one. The whole document does not count as a place.
fn is_within(path: &str, places: &HashSet<String>) -> bool {
    let mut ends = path.match_indices(['.', '[']).map(|(end, _)| end).chain([path.len()]);
    ends.any(|end| {
        path.get(..end)
            .is_some_and(|start| start != "$" && places.contains(start))
    })
}
