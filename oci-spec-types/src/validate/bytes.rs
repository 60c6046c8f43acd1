//! Checking bytes that may not be a document at all.

use std::{
    fmt::{self, Display},
    str::FromStr,
};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Finding, Report, Severity, config, descriptor, findings, index, layout, manifest,
    shape::{self, Schema},
};
use crate::{
    Limits, ParseError,
    json::{Path, Rules, check_all, utf8},
};

/// Holds bytes against the prose of the spec for one kind of document.
///
/// Unlike reading, it goes on after a fault where that is possible: a malformed digest in one layer hides nothing of the other
/// layers. Bytes that are not JSON have one finding. The default [`Limits`] apply, and
/// at most [`MAX_FINDINGS`](super::MAX_FINDINGS) findings of each severity are reported.
#[must_use]
pub fn validate_bytes(kind: DocumentKind, bytes: &[u8]) -> Vec<Finding> {
    let limits = Limits::new();
    let rules = Rules {
        limits: &limits,
        manifest: matches!(kind, DocumentKind::Index | DocumentKind::Manifest),
    };
    findings(|report| match utf8(bytes, &limits) {
        Ok(text) => check_text(kind, text, rules, report),
        Err(error) => add_fault(&error, report),
    })
}

fn check_text(kind: DocumentKind, text: &str, rules: Rules<'_>, report: &mut Report) {
    let mut faults = Vec::new();
    let readable = check_all(text, rules, &mut faults);
    faults.iter().for_each(|fault| add_fault(fault, report));
    match readable {
        Ok(()) => check_values(kind, text, report),
        Err(fault) => add_fault(&fault, report),
    }
}

/// Checks a text that can be read: the shape of its values first, then what they mean.
fn check_values(kind: DocumentKind, text: &str, report: &mut Report) {
    let mut tree = shape::tree(text, kind.schema(), shape::Unknown::All).unwrap_or(Value::Null);
    shape::walk(&mut tree, kind.schema(), &mut |path, fault| {
        let severity = if fault.tolerable {
            Severity::Warning
        } else {
            Severity::Error
        };
        report.add(severity, path, fault.section, fault.message);
    });
    report.settle();
    kind.check(tree, report);
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

    /// Adds what the typed value of a mended tree has to say.
    fn check(self, tree: Value, report: &mut Report) {
        match self {
            Self::Config => check_as(tree, |value| config::check(value, report)),
            Self::Descriptor => check_as(tree, |value| {
                descriptor::check(value, descriptor::Role::Alone, &Path::Root, report);
            }),
            Self::Index => check_as(tree, |value| index::check(value, report)),
            Self::LayoutHeader => check_as(tree, |value| layout::check(value, report)),
            Self::Manifest => check_as(tree, |value| manifest::check(value, report)),
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

fn check_as<T: DeserializeOwned>(tree: Value, check: impl FnOnce(&T)) {
    if let Ok(value) = serde_json::from_value(tree) {
        check(&value);
    }
}

fn add_fault(fault: &ParseError, report: &mut Report) {
    let message = match fault.offset() {
        Some(offset) => format!("{}, at byte {offset}", fault.message()),
        None => fault.message().to_owned(),
    };
    report.error(&fault.path().unwrap_or("$"), "image-spec/considerations.md", message);
}
