//! The error that an index has no entry of the kind that is wanted.

use std::fmt::Write;

use super::PlatformMatcher;
use crate::{Descriptor, Sanitized};

/// No entry of an index is what was wanted. Names what there is.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no entry of the index {wanted}; {}", list(.candidates))]
pub struct NoMatch {
    candidates: Vec<String>,
    wanted: String,
}

impl NoMatch {
    pub(crate) fn platform(matcher: &PlatformMatcher, entries: &[Descriptor]) -> Self {
        let mut wanted = format!("is for {}", matcher.platform());
        if let Some(version) = &matcher.platform().os_version {
            let _ = write!(wanted, " version {}", Sanitized::new(version));
        }
        let candidates = entries.iter().map(|entry| match &entry.platform {
            None => "an entry without a platform".to_owned(),
            Some(platform) => match &platform.os_version {
                None => platform.to_string(),
                Some(version) => format!("{platform} version {}", Sanitized::new(version)),
            },
        });
        Self {
            candidates: distinct(candidates),
            wanted,
        }
    }

    pub(crate) fn annotation(name: &str, value: &str, entries: &[Descriptor]) -> Self {
        let candidates = entries.iter().filter_map(|entry| entry.annotations.get(name));
        Self {
            candidates: distinct(candidates.map(|value| Sanitized::new(value).to_string())),
            wanted: format!("has {}={}", Sanitized::new(name), Sanitized::new(value)),
        }
    }

    /// What the index has instead, each once, in the order of the entries, without control characters.
    pub fn candidates(&self) -> impl ExactSizeIterator<Item = &str> {
        self.candidates.iter().map(String::as_str)
    }
}

fn distinct(candidates: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    candidates.filter(|candidate| seen.insert(candidate.clone())).collect()
}

fn list(candidates: &[String]) -> String {
    if candidates.is_empty() {
        return "there are none to choose from".to_owned();
    }
    let shown: Vec<&str> = candidates.iter().take(MAX_SHOWN).map(String::as_str).collect();
    let more = match candidates.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("there are: {}{more}", shown.join(", "))
}

/// The most candidates that the message names.
const MAX_SHOWN: usize = 20;
