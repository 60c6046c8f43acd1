//! What a check of a document reports.

use std::{
    borrow::Cow,
    fmt::{self, Display},
};

use crate::json::Path;

/// One thing in a document that is against the spec, or against its advice.
///
/// `Display` is one line for a person, such as
/// `error: $.layers[0].digest: invalid digest at byte 7: … [image-spec/descriptor.md#digests]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    message: Cow<'static, str>,
    path: String,
    section: &'static str,
    severity: Severity,
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        path: impl Into<String>,
        section: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            message: message.into(),
            path: path.into(),
            section,
            severity,
        }
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is wrong, such as `$.layers[3].digest`; `$` for the document as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The file and section of the spec that asks for something else, such as `image-spec/descriptor.md#digests`.
    #[must_use]
    pub const fn section(&self) -> &'static str {
        self.section
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {} [{}]",
            self.severity, self.path, self.message, self.section
        )
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Severity {
    /// The document is against advice of the spec, uses what is deprecated, or is of doubtful use.
    Warning,
    /// The document is not valid.
    Error,
}

impl Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Collects findings, up to [`MAX_FINDINGS`]. A place is turned into text only for a finding.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    pub(super) fn error(&mut self, path: &Path<'_>, section: &'static str, message: impl Into<Cow<'static, str>>) {
        self.add(Severity::Error, path, section, message);
    }

    pub(super) fn warning(&mut self, path: &Path<'_>, section: &'static str, message: impl Into<Cow<'static, str>>) {
        self.add(Severity::Warning, path, section, message);
    }

    pub(super) fn push(&mut self, finding: Finding) {
        if !self.is_full() {
            self.0.push(finding);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_FINDINGS
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.0
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.0
    }

    fn add(
        &mut self,
        severity: Severity,
        path: &Path<'_>,
        section: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) {
        if !self.is_full() {
            self.0.push(Finding::new(severity, path.to_string(), section, message));
        }
    }
}

/// The most findings that are reported of one document: 10,000. A hostile document could have a million.
pub const MAX_FINDINGS: usize = 10_000;
