use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Sleep, sleep};

use super::limits::ServerLimits;

/// The clock of one direction of a transfer: it runs while we wait for the client, and starts anew whenever enough has got through.
pub(super) struct Stall {
    limits: ServerLimits,
    passed: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    pub(super) const fn new(limits: ServerLimits) -> Self {
        Self {
            limits,
            passed: 0,
            timer: None,
        }
    }

    /// So many bytes have got through.
    pub(super) fn passed(&mut self, bytes: usize) {
        self.passed = self.passed.saturating_add(bytes as u64);
        if self.passed >= self.limits.stall_bytes() {
            self.passed = 0;
            self.timer = None;
        }
    }

    /// We wait for the client; ready once it has taken too long.
    pub(super) fn poll_waiting(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let time = self.limits.stall_time();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(time)));
        timer.as_mut().poll(context)
    }

    /// There is nothing to wait for.
    pub(super) fn rest(&mut self) {
        self.passed = 0;
        self.timer = None;
    }
}

#[cfg(test)]
mod tests;
