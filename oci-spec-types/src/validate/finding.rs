//! What a check of a document reports.

use std::{
    borrow::Cow,
    collections::HashSet,
    fmt::{self, Display},
};

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
    fn new(
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

/// Collects findings, up to [`MAX_FINDINGS`] of each severity. A place is turned into text only for a finding.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// How many errors there were, counted up to the first that is not shown.
    errors: usize,
    findings: Vec<Finding>,
    /// The places of which nothing more is said.
    settled: HashSet<String>,
    /// How many warnings there were, counted as the errors are.
    warnings: usize,
}

impl Report {
    pub(super) fn error(&mut self, path: &dyn Display, section: &'static str, message: impl Into<Cow<'static, str>>) {
        self.add(Severity::Error, path, section, message);
    }

    pub(super) fn warning(&mut self, path: &dyn Display, section: &'static str, message: impl Into<Cow<'static, str>>) {
        self.add(Severity::Warning, path, section, message);
    }

    pub(super) fn add(
        &mut self,
        severity: Severity,
        path: &dyn Display,
        section: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) {
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if *count > MAX_FINDINGS {
            return;
        }
        let path = path.to_string();
        if is_within(&path, &self.settled) {
            return;
        }
        *count += 1;
        if *count <= MAX_FINDINGS {
            self.findings.push(Finding::new(severity, path, section, message));
        }
    }

    /// Leaves out what is added from now on about the places of the findings so far, and about what is inside them.
    pub(super) fn settle(&mut self) {
        self.settled = self.findings.iter().map(|finding| finding.path.clone()).collect();
    }

    /// The findings; the last one says that there are more if there are.
    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        let more = if self.errors > MAX_FINDINGS {
            Severity::Error
        } else if self.warnings > MAX_FINDINGS {
            Severity::Warning
        } else {
            return self.findings;
        };
        let last = Finding::new(more, "$", "image-spec/considerations.md", "more findings not shown");
        self.findings.push(last);
        self.findings
    }
}

/// Whether `path` is one of `places` or inside one. The whole document does not count as a place.
fn is_within(path: &str, places: &HashSet<String>) -> bool {
    let mut ends = path.match_indices(['.', '[']).map(|(end, _)| end).chain([path.len()]);
    ends.any(|end| {
        path.get(..end)
            .is_some_and(|start| start != "$" && places.contains(start))
    })
}

/// The most errors, and the most warnings, that are reported of one document: 10,000 of each. A hostile document could have
/// a million.
///
/// Where there are more, one more finding says so: an error if errors are missing, a warning if only warnings are.
pub const MAX_FINDINGS: usize = 10_000;
