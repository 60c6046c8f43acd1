use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::oneshot;

/// The places for requests to one host that may be under way at once.
///
/// Uploads have as many places of their own: an upload may have to wait for what it reads from the same host, never the other way round.
pub(super) struct Lanes {
    requests: Arc<Lane>,
    uploads: Arc<Lane>,
}

impl Lanes {
    pub(super) fn new(places: NonZeroUsize) -> Self {
        Self {
            requests: Lane::new(places),
            uploads: Lane::new(places),
        }
    }

    /// Waits for a place, first come, first served.
    pub(super) async fn enter(&self, uploads: bool) -> Place {
        let lane = if uploads { &self.uploads } else { &self.requests };
        lane.enter().await
    }
}

/// A place, until it is dropped.
pub(super) struct Place(Arc<Lane>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.leave();
    }
}

struct Lane(Mutex<Queue>);

impl Lane {
    fn new(places: NonZeroUsize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Queue {
            free: places.get(),
            waiting: VecDeque::new(),
        })))
    }

    async fn enter(self: &Arc<Self>) -> Place {
        let called = {
            let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match queue.free.checked_sub(1) {
                Some(left) => {
                    queue.free = left;
                    None
                }
                None => {
                    let (sender, receiver) = oneshot::channel();
                    queue.waiting.push_back(sender);
                    Some(receiver)
                }
            }
        };
        match called {
            None => Place(self.clone()),
            // The place is made by whoever hands it over, so that it cannot get lost between the two.
            Some(called) => called
                .await
                .expect("a lane lives as long as one of its places, and hands each on"),
        }
    }

    fn leave(self: &Arc<Self>) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(next) = queue.waiting.pop_front() {
            if next.is_canceled() {
                continue;
            }
            drop(queue);
            // Whoever goes away just now lets go of the place with it, and so hands it on.
            drop(next.send(Place(self.clone())));
            return;
        }
        queue.free = queue.free.saturating_add(1);
    }
}

struct Queue {
    free: usize,
    waiting: VecDeque<oneshot::Sender<Place>>,
}

#[cfg(test)]
mod tests;
