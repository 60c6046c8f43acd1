use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use url::Url;

use super::queue::{Calls, Lease, Queue, Ticket};
use crate::proto::auth::{Identity, Scopes};
use crate::proto::machine::Now;

/// For what a token is good: nothing of it may differ.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TokenKey {
    pub(crate) realm: Url,
    pub(crate) service: Option<String>,
    pub(crate) identity: Identity,
    pub(crate) scopes: Scopes,
}

impl TokenKey {
    /// Whether a token for `self` serves where one for `other` is wanted.
    fn serves(&self, other: &Self) -> bool {
        let same = self.realm == other.realm && self.service == other.service && self.identity == other.identity;
        same && self.scopes.covers(&other.scopes)
    }
}

/// What to do for a token.
#[derive(Debug)]
pub(crate) enum Seek {
    /// Here it is, ready for the `Authorization` field.
    Found(HeaderValue),
    /// Fetch it, and settle the lease afterwards.
    Lead(Lease),
    /// Another machine is fetching it.
    Wait(Ticket),
}

/// The tokens of one registry, and the exchanges under way.
#[derive(Default)]
pub(crate) struct Tokens {
    calls: Calls,
    exchanges: Queue<TokenKey>,
    /// Realms that have refused a POST and then taken a GET.
    get_only: VecDeque<Url>,
    held: Vec<Held>,
}

impl Tokens {
    /// A token for `key`, a place in the queue for it, or the right to fetch it.
    pub(crate) fn seek(&mut self, key: &TokenKey, now: Now) -> Seek {
        self.held.retain(|held| now.monotonic < held.until);
        if let Some(held) = self.held.iter().find(|held| held.key.serves(key)) {
            return Seek::Found(held.value.clone());
        }
        let serves = |other: &TokenKey| other.serves(key);
        match self.exchanges.join(key, serves, now, &mut self.calls) {
            Ok(lease) => Seek::Lead(lease),
            Err(ticket) => Seek::Wait(ticket),
        }
    }

    /// The tickets, for those that are about something other than a token.
    pub(crate) const fn calls(&mut self) -> &mut Calls {
        &mut self.calls
    }

    /// Keeps a token for `lifetime`, less a tenth of it: it must not expire on the way. The time counts from when it was asked for.
    pub(crate) fn keep(&mut self, key: TokenKey, value: HeaderValue, lifetime: Duration, asked: Duration) {
        if self.held.len() >= MAX_TOKENS {
            self.held.remove(0);
        }
        let until = asked.saturating_add(lifetime.saturating_sub(lifetime / 10));
        self.held.push(Held { key, until, value });
    }

    /// Forgets a token that the registry refused.
    pub(crate) fn forget(&mut self, value: &HeaderValue) {
        self.held.retain(|held| held.value != *value);
    }

    /// Remembers a realm that has refused a POST and then taken a GET.
    pub(crate) fn remember_get(&mut self, realm: &Url) {
        if self.wants_get(realm) {
            return;
        }
        if self.get_only.len() >= MAX_REALMS {
            self.get_only.pop_front();
        }
        self.get_only.push_back(realm.clone());
    }

    pub(crate) fn wants_get(&self, realm: &Url) -> bool {
        self.get_only.contains(realm)
    }

    /// The exchange is over, whatever came of it.
    pub(crate) fn settle(&mut self, lease: Lease) {
        drop(lease);
        self.sweep();
    }

    pub(crate) fn sweep(&mut self) {
        self.exchanges.sweep(&mut self.calls);
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (held, exchanges) = (self.held.len(), self.exchanges.len());
        formatter
            .debug_struct("Tokens")
            .field("held", &held)
            .field("exchanges", &exchanges)
            .finish_non_exhaustive()
    }
}

struct Held {
    key: TokenKey,
    until: Duration,
    value: HeaderValue,
}

/// The most realms of which it is known that they want a GET; the one learned first goes first.
const MAX_REALMS: usize = 16;

/// The most tokens kept for one registry; the oldest goes first.
const MAX_TOKENS: usize = 256;
