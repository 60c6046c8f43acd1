use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::queue::{Calls, Lease, Queue, Ticket};
use crate::proto::auth::{Credential, CredentialQuery};
use crate::proto::machine::Now;

/// What the credential source answered, for a short while: asking it may start a process or unlock a keychain.
#[derive(Default)]
pub(crate) struct Credentials {
    answers: VecDeque<Answer>,
    asking: Queue<CredentialQuery>,
    /// How many answers there have been.
    given: u64,
}

/// What the credential source said last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Known {
    /// `None`: there is no credential.
    pub(crate) credential: Option<Credential>,
    /// Later answers have higher numbers.
    pub(crate) number: u64,
}

impl Credentials {
    /// The answer to `query`, if it was given not long ago.
    pub(crate) fn answer(&mut self, query: &CredentialQuery, now: Now) -> Option<Known> {
        self.answers.retain(|answer| now.monotonic < answer.until);
        let answer = self.answers.iter().find(|answer| answer.query == *query)?;
        Some(answer.known.clone())
    }

    /// The right to ask the source, or the ticket of who is asking it the same.
    pub(crate) fn lead(&mut self, query: &CredentialQuery, now: Now, calls: &mut Calls) -> Result<Lease, Ticket> {
        self.asking.join(query, |other| other == query, now, calls)
    }

    /// Keeps an answer, and gives its number.
    pub(crate) fn keep(&mut self, query: CredentialQuery, credential: Option<Credential>, now: Now) -> u64 {
        self.answers.retain(|answer| answer.query != query);
        if self.answers.len() >= MAX_ANSWERS {
            self.answers.pop_front();
        }
        self.given = self.given.saturating_add(1);
        let number = self.given;
        self.answers.push_back(Answer {
            known: Known { credential, number },
            query,
            until: now.monotonic.saturating_add(LIFETIME),
        });
        number
    }

    /// Forgets an answer that the registry did not accept. A later one is another matter.
    pub(crate) fn forget(&mut self, query: &CredentialQuery, number: u64) {
        self.answers
            .retain(|answer| answer.query != *query || answer.known.number > number);
    }

    /// The source has been asked, whatever came of it.
    pub(crate) fn settle(&mut self, lease: Lease, calls: &mut Calls) {
        drop(lease);
        self.sweep(calls);
    }

    pub(crate) fn sweep(&mut self, calls: &mut Calls) {
        self.asking.sweep(calls);
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("answers", &self.answers.len())
            .field("asking", &self.asking.len())
            .finish_non_exhaustive()
    }
}

struct Answer {
    known: Known,
    query: CredentialQuery,
    until: Duration,
}

/// How long an answer counts. One that is refused is forgotten at once.
const LIFETIME: Duration = Duration::from_secs(300);

/// The most answers kept; the oldest goes first.
const MAX_ANSWERS: usize = 256;

#[cfg(test)]
mod tests;
