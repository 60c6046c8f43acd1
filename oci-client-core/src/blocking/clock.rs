use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;

use crate::Error;
use crate::proto::Now;
use crate::runtime::system_now;

/// What the blocking client needs of time: what it is, and how to wait. Replace it in tests to simulate time.
pub trait Clock: Send + Sync {
    /// The current time; the default reads the system's clocks.
    fn now(&self) -> Now {
        system_now()
    }

    /// A future that is ready once `duration` has passed, for [`wait`](Self::wait). Dropping it cancels the timer.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(Sleep::new(System, duration))
    }

    /// Polls `future` on this thread until it is ready (`true`) or `limit` has passed (`false`); the default parks the thread in between.
    ///
    /// This is how the blocking client waits: for a pause, for what another thread is doing, for a credential source. A future that only an executor can
    /// bring on, such as a timer of one, does not get ready by this.
    fn wait(&self, future: Pin<&mut dyn Future<Output = ()>>, limit: Duration) -> bool {
        drive(&System, future, limit)
    }
}

/// The system's clocks and its scheduler.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl SystemClock {
    /// The clock; it holds nothing.
    pub const fn new() -> Self {
        Self
    }
}

impl Clock for SystemClock {}

/// The output of `future`, or `None` where it is not ready within `limit`; then it may be waited for again.
pub(super) fn wait_for<F: Future + Unpin>(clock: &dyn Clock, mut future: F, limit: Duration) -> Option<F::Output> {
    let mut output = None;
    let waiting = pin!(async { output = Some((&mut future).await) });
    clock.wait(waiting, limit);
    output
}

/// Performs operations on the thread that asks for them.
#[derive(Clone)]
pub(super) struct Waiter(Arc<dyn Clock>);

impl Waiter {
    pub(super) const fn new(clock: Arc<dyn Clock>) -> Self {
        Self(clock)
    }

    pub(super) fn perform<T>(&self, operation: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let performed = wait_for(&*self.0, pin!(operation), Duration::MAX);
        performed.unwrap_or_else(|| Err(Error::misuse("the clock gave up before the operation had ended")))
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Waiter").finish_non_exhaustive()
    }
}

/// The time, and how a thread lets it pass.
trait Time {
    fn now(&self) -> Instant;

    /// Returns once the signal is given, or `limit` has passed.
    fn park(&self, signal: &Signal, limit: Duration);
}

/// The system's.
struct System;

impl Time for System {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn park(&self, signal: &Signal, limit: Duration) {
        signal.wait(limit);
    }
}

fn drive(time: &impl Time, mut future: Pin<&mut dyn Future<Output = ()>>, limit: Duration) -> bool {
    let signal = Arc::new(Signal::default());
    let waker = Waker::from(signal.clone());
    let mut context = Context::from_waker(&waker);
    let _timers = Timers::begin();
    let start = time.now();
    loop {
        if future.as_mut().poll(&mut context).is_ready() {
            return true;
        }
        let now = time.now();
        let left = limit.saturating_sub(now.saturating_duration_since(start));
        if left.is_zero() {
            return false;
        }
        time.park(&signal, Timers::next(now).map_or(left, |next| next.min(left)));
        Timers::fire(time.now());
    }
}

struct Sleep<T> {
    /// When it is ready; `None` is never.
    deadline: Option<Instant>,
    time: T,
}

impl<T: Time> Sleep<T> {
    fn new(time: T, duration: Duration) -> Self {
        let deadline = time.now().checked_add(duration);
        Self { deadline, time }
    }
}

impl<T: Time> Future for Sleep<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.deadline {
            Some(deadline) if deadline <= self.time.now() => Poll::Ready(()),
            Some(deadline) => {
                Timers::set(deadline, context.waker());
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

/// The timers of what this thread waits for. Within that it may wait for something else, which has timers of its own.
struct Timers {
    outer: Vec<(Instant, Waker)>,
}

impl Timers {
    fn begin() -> Self {
        let outer = TIMERS.take();
        Self { outer }
    }

    fn set(deadline: Instant, waker: &Waker) {
        TIMERS.with_borrow_mut(|timers| {
            if !timers
                .iter()
                .any(|(at, other)| *at == deadline && other.will_wake(waker))
            {
                timers.push((deadline, waker.clone()));
            }
        });
    }

    /// How long it is until the first one.
    fn next(now: Instant) -> Option<Duration> {
        let first = TIMERS.with_borrow(|timers| timers.iter().map(|(deadline, _)| *deadline).min());
        first.map(|deadline| deadline.saturating_duration_since(now))
    }

    /// Wakes what is due.
    fn fire(now: Instant) {
        let (due, later): (Vec<_>, Vec<_>) = TIMERS.take().into_iter().partition(|(deadline, _)| *deadline <= now);
        TIMERS.set(later);
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl Drop for Timers {
    fn drop(&mut self) {
        TIMERS.set(std::mem::take(&mut self.outer));
    }
}

/// Wakes the thread that waits for it.
#[derive(Default)]
struct Signal {
    given: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    fn wait(&self, limit: Duration) {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(given, limit, |given| !*given);
        let (mut given, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *given = false;
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

thread_local! {
    static TIMERS: RefCell<Vec<(Instant, Waker)>> = const { RefCell::new(Vec::new()) };
}

#[cfg(test)]
mod tests;
