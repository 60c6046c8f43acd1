use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::HeaderValue;
use url::Url;

use crate::proto::auth::{Identity, Scopes};
use crate::proto::machine::Now;

/// A place in the queue for something that another machine is doing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ticket(u64);

impl Ticket {
    /// How long to wait for a ticket to be called before looking again: whoever holds it may be alive and yet not driven any more. 60 s.
    pub const PATIENCE: Duration = Duration::from_secs(60);
}

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

/// The right to fetch a token, as long as it lives. Whoever waits takes over once it is gone.
#[derive(Debug)]
pub(crate) struct Lease(Arc<()>);

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
    called: Vec<Ticket>,
    exchanges: Vec<Exchange>,
    /// Realms that have refused a POST and then taken a GET.
    get_only: VecDeque<Url>,
    held: Vec<Held>,
    next_ticket: u64,
}

impl Tokens {
    /// A token for `key`, a place in the queue for it, or the right to fetch it.
    pub(crate) fn seek(&mut self, key: &TokenKey, now: Now) -> Seek {
        self.held.retain(|held| now.monotonic < held.until);
        if let Some(held) = self.held.iter().find(|held| held.key.serves(key)) {
            return Seek::Found(held.value.clone());
        }
        self.give_up_on_stalled(now);
        self.sweep();
        if let Some(exchange) = self.exchanges.iter().find(|exchange| exchange.key.serves(key)) {
            return Seek::Wait(exchange.ticket);
        }
        let lease = Lease(Arc::new(()));
        let ticket = self.ticket();
        self.exchanges.push(Exchange {
            key: key.clone(),
            leader: Arc::downgrade(&lease.0),
            ticket,
            until: now.monotonic.saturating_add(Ticket::PATIENCE),
        });
        Seek::Lead(lease)
    }

    /// A ticket that no other wait has.
    pub(crate) const fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket = self.next_ticket.wrapping_add(1);
        ticket
    }

    /// Calls a ticket that is about something other than a token.
    pub(crate) fn call(&mut self, ticket: Ticket) {
        self.called.push(ticket);
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

    /// Takes the lead from machines that have held it for too long.
    fn give_up_on_stalled(&mut self, now: Now) {
        let called = &mut self.called;
        self.exchanges.retain(|exchange| {
            let in_time = now.monotonic < exchange.until;
            if !in_time {
                called.push(exchange.ticket);
            }
            in_time
        });
    }

    pub(crate) fn sweep(&mut self) {
        let called = &mut self.called;
        self.exchanges.retain(|exchange| {
            let alive = exchange.leader.strong_count() > 0;
            if !alive {
                called.push(exchange.ticket);
            }
            alive
        });
    }

    pub(crate) fn called(&mut self) -> Vec<Ticket> {
        std::mem::take(&mut self.called)
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

struct Exchange {
    key: TokenKey,
    leader: Weak<()>,
    ticket: Ticket,
    until: Duration,
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
