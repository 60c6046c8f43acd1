use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use crate::proto::auth::{Credential, CredentialQuery};
use crate::proto::machine::Now;

/// What the credential source answered, for a short while: asking it may start a process or unlock a keychain.
#[derive(Default)]
pub(crate) struct Credentials {
    answers: VecDeque<Answer>,
}

impl Credentials {
    /// The answer to `query`, if it was given not long ago. `Some(None)`: there is no credential.
    pub(crate) fn answer(&mut self, query: &CredentialQuery, now: Now) -> Option<Option<Credential>> {
        self.answers.retain(|answer| now.monotonic < answer.until);
        let answer = self.answers.iter().find(|answer| answer.query == *query)?;
        Some(answer.credential.clone())
    }

    pub(crate) fn keep(&mut self, query: CredentialQuery, credential: Option<Credential>, now: Now) {
        self.forget(&query);
        if self.answers.len() >= MAX_ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back(Answer {
            credential,
            query,
            until: now.monotonic.saturating_add(LIFETIME),
        });
    }

    /// Forgets an answer that the registry did not accept.
    pub(crate) fn forget(&mut self, query: &CredentialQuery) {
        self.answers.retain(|answer| answer.query != *query);
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("answers", &self.answers.len())
            .finish_non_exhaustive()
    }
}

struct Answer {
    credential: Option<Credential>,
    query: CredentialQuery,
    until: Duration,
}

/// How long an answer counts. One that is refused is forgotten at once.
const LIFETIME: Duration = Duration::from_secs(300);

/// The most answers kept; the oldest goes first.
const MAX_ANSWERS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_bounded_in_time_and_number_and_are_not_shown() {
        let query = |name: &str| CredentialQuery::new("r.test".parse().unwrap(), Some(name.parse().unwrap()));
        let at = |seconds| Now::new(Duration::from_secs(seconds), Duration::ZERO);
        let mut credentials = Credentials::default();
        let hunter = Credential::password("u", "hunter2".to_owned());
        credentials.keep(query("a"), Some(hunter.clone()), at(0));
        credentials.keep(query("b"), None, at(0));
        assert_eq!(credentials.answer(&query("a"), at(299)), Some(Some(hunter)));
        assert_eq!(credentials.answer(&query("b"), at(299)), Some(None));
        assert!(!format!("{credentials:?}").contains("hunter2"));
        assert_eq!(credentials.answer(&query("a"), at(300)), None);
        for number in 0..2 * MAX_ANSWERS {
            credentials.keep(query(&format!("r{number}")), None, at(0));
        }
        assert_eq!(credentials.answers.len(), MAX_ANSWERS);
    }
}
