use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use http::Request;

use crate::Error;
use crate::proto::{HostMemory, HostProfile, Input, Machine, Notice, Now, Payload, Step, Ticket};

/// A registry's memory behind a lock, and the futures that wait for another's result.
pub(super) struct Host {
    state: Mutex<State>,
}

impl Host {
    pub(super) fn new(profile: HostProfile, seed: u64) -> Self {
        let memory = HostMemory::new(profile, seed);
        Self {
            state: Mutex::new(State {
                memory,
                waiting: Vec::new(),
            }),
        }
    }

    /// Resumes `machine`. With [`Step::Wait`] comes the receiver that is told when the ticket is called; with every step what there is to tell the user.
    pub(super) fn resume<M: Machine>(
        &self,
        machine: &mut M,
        now: Now,
        input: Input,
    ) -> (Step<M::Output>, Option<oneshot::Receiver<()>>, Vec<Notice>) {
        let mut state = self.lock();
        let step = machine.resume(&mut state.memory, now, input);
        let called = match &step {
            Step::Wait(ticket) => {
                let (sender, receiver) = oneshot::channel();
                state.waiting.push((*ticket, sender));
                Some(receiver)
            }
            _ => None,
        };
        state.call();
        (step, called, state.memory.notices())
    }

    /// A warning of our own; gives what there is to tell the user, which is nothing where it was told before.
    pub(super) fn warn(&self, text: String) -> Vec<Notice> {
        let mut state = self.lock();
        state.memory.notices.warn(text);
        state.memory.notices()
    }

    /// What is left to be sent for `machine`, which is about to be dropped.
    pub(super) fn abandon<M: Machine>(&self, machine: &mut M) -> Option<Request<Payload>> {
        machine.abandon(&self.lock().memory)
    }

    /// Lets others take over what a dropped machine had begun.
    pub(super) fn sweep(&self) {
        let mut state = self.lock();
        state.memory.sweep();
        state.call();
    }

    /// Remembers whether an operation here succeeded, or what it failed with.
    pub(super) fn note(&self, now: Now, failure: Option<&Error>) {
        let mut state = self.lock();
        match failure {
            Some(error) => state.memory.note_failure(now, error),
            None => state.memory.note_success(),
        }
    }

    /// Whether an operation failed here a short while ago by this endpoint's fault.
    pub(super) fn is_out(&self, now: Now) -> bool {
        self.lock().memory.is_out(now)
    }

    /// A panic elsewhere cannot leave the memory half-changed in a way that matters: at worst a token is fetched again.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State {
    memory: HostMemory,
    waiting: Vec<(Ticket, oneshot::Sender<()>)>,
}

impl State {
    fn call(&mut self) {
        let called = self.memory.called();
        if called.is_empty() {
            return;
        }
        for (ticket, sender) in std::mem::take(&mut self.waiting) {
            if called.contains(&ticket) {
                // Whoever waited may be gone by now.
                let _ = sender.send(());
            } else {
                self.waiting.push((ticket, sender));
            }
        }
    }
}
