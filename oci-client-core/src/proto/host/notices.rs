use std::collections::VecDeque;

use http::HeaderMap;

use crate::proto::headers::{RateLimit, rate_limit, warnings};

/// Something to tell the user besides the result of an operation.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// The registry stated a rate limit other than the last one.
    RateLimit(RateLimit),
    /// Something to look into, which is no error.
    Warning(Warning),
}

/// A warning. Nothing should be decided by its text.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Warning {
    /// Who warns.
    pub origin: WarningOrigin,
    /// The text, on one line and without control characters.
    pub text: String,
}

/// Who warns.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum WarningOrigin {
    /// This library: something odd was tolerated, or could not be tidied up.
    Client,
    /// The registry, by a `Warning` field.
    Registry,
}

/// What is to be told and has not been, and what need not be told again.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    limit: Option<RateLimit>,
    pending: Vec<Notice>,
    told: VecDeque<Warning>,
}

impl Notices {
    /// Reads what a response of the registry says.
    pub(crate) fn read(&mut self, headers: &HeaderMap) {
        for text in warnings(headers) {
            let origin = WarningOrigin::Registry;
            self.add(Warning { origin, text });
        }
        let limit = rate_limit(headers).filter(|limit| self.limit.replace(*limit) != Some(*limit));
        if let Some(limit) = limit {
            // Only the newest counts.
            self.pending.retain(|notice| !matches!(notice, Notice::RateLimit(_)));
            self.pending.push(Notice::RateLimit(limit));
        }
    }

    /// A warning of our own.
    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        let (origin, text) = (WarningOrigin::Client, text.into());
        self.add(Warning { origin, text });
    }

    pub(crate) fn take(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.pending)
    }

    fn add(&mut self, warning: Warning) {
        if self.told.contains(&warning) || self.pending.len() >= MAX_PENDING {
            return;
        }
        if self.told.len() >= MAX_TOLD {
            self.told.pop_front();
        }
        self.told.push_back(warning.clone());
        self.pending.push(Notice::Warning(warning));
    }
}

/// How many notices wait to be fetched; a driver that never does so misses the rest.
const MAX_PENDING: usize = 256;

/// How many warnings are remembered so that they are told once.
const MAX_TOLD: usize = 256;

#[cfg(test)]
mod tests {
    use http::header::WARNING;
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn response(warning: &str, remaining: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let text = format!("299 - \"{warning}\"");
        headers.insert(WARNING, HeaderValue::from_str(&text).unwrap());
        headers.insert(
            HeaderName::from_static("ratelimit-remaining"),
            HeaderValue::from_str(remaining).unwrap(),
        );
        headers
    }

    fn texts(notices: &[Notice]) -> Vec<&str> {
        notices
            .iter()
            .filter_map(|notice| match notice {
                Notice::RateLimit(_) => None,
                Notice::Warning(warning) => Some(&*warning.text),
            })
            .collect()
    }

    #[test]
    fn w2_the_same_is_told_once() {
        let mut notices = Notices::default();
        notices.read(&response("old", "9"));
        notices.read(&response("old", "9"));
        let told = notices.take();
        assert_eq!((texts(&told), told.len()), (vec!["old"], 2));
        notices.read(&response("old", "9"));
        assert_eq!(notices.take(), []);
        notices.warn("old");
        assert_eq!(texts(&notices.take()), ["old"], "it is another who warns");
    }

    #[test]
    fn p18_a_registry_that_warns_without_end_is_not_remembered_without_end() {
        let mut notices = Notices::default();
        for number in 0..10_000 {
            notices.read(&response(&number.to_string(), &number.to_string()));
        }
        assert!(notices.told.len() <= MAX_TOLD);
        assert!(notices.take().len() <= MAX_PENDING);
        notices.read(&response("0", "10000"));
        let told = notices.take();
        assert_eq!(told.len(), 1, "what waited for nobody is not told again: {told:?}");
    }

    #[test]
    fn only_the_newest_rate_limit_is_told() {
        let mut notices = Notices::default();
        notices.read(&response("w", "9"));
        notices.read(&response("w", "8"));
        let limits = notices.take().into_iter().filter_map(|notice| match notice {
            Notice::RateLimit(limit) => limit.remaining,
            Notice::Warning(_) => None,
        });
        assert_eq!(limits.collect::<Vec<_>>(), [8]);
    }
}
