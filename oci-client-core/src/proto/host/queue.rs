use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::proto::machine::Now;

/// A place in the queue for something that another machine is doing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ticket(u64);

impl Ticket {
    /// How long to wait for a ticket to be called before looking again: whoever holds it may be alive and yet not driven any more. 60 s.
    pub const PATIENCE: Duration = Duration::from_secs(60);
}

/// The right to do what others wait for, as long as it lives. One of them takes over once it is gone.
#[derive(Debug)]
pub(crate) struct Lease(Arc<()>);

/// The tickets of one registry's memory.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    called: Vec<Ticket>,
    next: u64,
}

impl Calls {
    /// A ticket that no other wait has.
    pub(crate) const fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next);
        self.next = self.next.wrapping_add(1);
        ticket
    }

    pub(crate) fn call(&mut self, ticket: Ticket) {
        self.called.push(ticket);
    }

    pub(crate) fn take(&mut self) -> Vec<Ticket> {
        std::mem::take(&mut self.called)
    }
}

/// Who is doing what others wait for.
#[derive(Debug)]
pub(crate) struct Queue<K> {
    running: Vec<Running<K>>,
}

impl<K: Clone> Queue<K> {
    /// The right to do what `key` stands for, or the ticket of whoever is doing what `serves` for it.
    pub(crate) fn join(
        &mut self,
        key: &K,
        serves: impl Fn(&K) -> bool,
        now: Now,
        calls: &mut Calls,
    ) -> Result<Lease, Ticket> {
        self.retain(calls, |running| {
            running.leader.strong_count() > 0 && now.monotonic < running.until
        });
        if let Some(running) = self.running.iter().find(|running| serves(&running.key)) {
            return Err(running.ticket);
        }
        let lease = Lease(Arc::new(()));
        self.running.push(Running {
            key: key.clone(),
            leader: Arc::downgrade(&lease.0),
            ticket: calls.ticket(),
            until: now.monotonic.saturating_add(Ticket::PATIENCE),
        });
        Ok(lease)
    }

    /// Calls those who wait for someone who is done, or was dropped.
    pub(crate) fn sweep(&mut self, calls: &mut Calls) {
        self.retain(calls, |running| running.leader.strong_count() > 0);
    }

    pub(crate) const fn len(&self) -> usize {
        self.running.len()
    }

    fn retain(&mut self, calls: &mut Calls, goes_on: impl Fn(&Running<K>) -> bool) {
        self.running.retain(|running| {
            let stays = goes_on(running);
            if !stays {
                calls.call(running.ticket);
            }
            stays
        });
    }
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        let running = Vec::new();
        Self { running }
    }
}

#[derive(Debug)]
struct Running<K> {
    key: K,
    leader: Weak<()>,
    ticket: Ticket,
    /// Until when others leave it to the leader, who may not be driven any more.
    until: Duration,
}
