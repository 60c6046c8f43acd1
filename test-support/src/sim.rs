use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_core::future::BoxFuture;
use oci_client_core::proto::Now;
use oci_client_core::runtime::Runtime;

/// A [`Runtime`] on one thread whose clock jumps.
///
/// While anything can run, the clock stands still. When nothing can, it jumps to the next timer. When there is no timer either,
/// nothing will ever happen again, and the test fails. Equal futures see equal clocks in equal order.
///
/// ```
/// use std::time::Duration;
///
/// use oci_client_core::runtime::Runtime;
/// use test_support::SimRuntime;
///
/// let runtime = SimRuntime::new();
/// runtime.run(runtime.sleep(Duration::from_secs(3600)));
/// assert_eq!(runtime.elapsed(), Duration::from_secs(3600));
/// ```
#[derive(Clone, Default)]
pub struct SimRuntime {
    shared: Arc<Mutex<Shared>>,
}

impl SimRuntime {
    /// A clock at zero, and nothing to run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `future` to its end. What it spawned and is not done then goes on in the next run.
    ///
    /// # Panics
    /// When nothing can run and no timer is set, and when more than [`HORIZON`](Self::HORIZON) has passed.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        match Executor::new(self).run(usize::MAX, future) {
            Some(output) => output,
            None => panic!("a future was polled more often than can be counted"),
        }
    }

    /// Polls `future` at most `polls` times, and drops it if that does not bring it to its end: `None`.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_for<F: Future>(&self, polls: usize, future: F) -> Option<F::Output> {
        Executor::new(self).run(polls, future)
    }

    /// How far the clock has come.
    pub fn elapsed(&self) -> Duration {
        self.lock().now
    }

    /// How many timers are set.
    pub fn timers(&self) -> usize {
        self.lock().timers.len()
    }

    /// What the wall clock shows when the clock is at zero: 2027-01-15T08:00:00Z.
    pub const EPOCH: Duration = Duration::from_secs(1_800_000_000);

    /// How much simulated time may pass before a simulation counts as endless: 30 days.
    pub const HORIZON: Duration = Duration::from_secs(30 * 24 * 3600);

    /// Moves the clock to the next timer and lets it fire.
    fn jump(&self) {
        let mut shared = self.lock();
        let now = shared.now;
        let Some(((deadline, _), waker)) = shared.timers.pop_first() else {
            drop(shared);
            panic!("deadlock after {now:?} of simulated time: nothing can run and no timer is set");
        };
        shared.now = now.max(deadline);
        let elapsed = shared.now;
        drop(shared);
        assert!(
            elapsed <= Self::HORIZON,
            "the simulation has not ended within {:?}",
            Self::HORIZON
        );
        waker.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runtime for SimRuntime {
    fn now(&self) -> Now {
        let now = self.lock().now;
        Now::new(now, Self::EPOCH.saturating_add(now))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut shared = self.lock();
        let number = shared.next_timer;
        shared.next_timer = number.wrapping_add(1);
        let deadline = shared.now.saturating_add(duration);
        drop(shared);
        Box::pin(Sleep {
            key: (deadline, number),
            runtime: self.clone(),
        })
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.lock().spawned.push(task);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

impl fmt::Debug for SimRuntime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimRuntime")
            .field("elapsed", &self.elapsed())
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Shared {
    next_timer: u64,
    now: Duration,
    spawned: Vec<BoxFuture<'static, ()>>,
    timers: BTreeMap<(Duration, u64), Waker>,
}

struct Sleep {
    key: (Duration, u64),
    runtime: SimRuntime,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut shared = self.runtime.lock();
        if shared.now >= self.key.0 {
            shared.timers.remove(&self.key);
            return Poll::Ready(());
        }
        shared.timers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.runtime.lock().timers.remove(&self.key);
    }
}

/// The tasks of one run. Number 0 is the future that the run is about.
struct Executor<'a> {
    next: usize,
    ready: Arc<Ready>,
    runtime: &'a SimRuntime,
    tasks: HashMap<usize, (BoxFuture<'static, ()>, Waker)>,
}

impl<'a> Executor<'a> {
    fn new(runtime: &'a SimRuntime) -> Self {
        Self {
            next: 1,
            ready: Arc::default(),
            runtime,
            tasks: HashMap::new(),
        }
    }

    fn run<F: Future>(mut self, polls: usize, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let waker = self.waker(0);
        let mut polled: usize = 0;
        loop {
            self.adopt();
            match self.ready.next() {
                None => self.runtime.jump(),
                Some(0) if polled == polls => return None,
                Some(0) => {
                    polled = polled.saturating_add(1);
                    if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                        return Some(output);
                    }
                }
                Some(task) => self.poll(task),
            }
        }
    }

    fn poll(&mut self, number: usize) {
        if let Some((task, waker)) = self.tasks.get_mut(&number)
            && task.as_mut().poll(&mut Context::from_waker(waker)).is_ready()
        {
            self.tasks.remove(&number);
        }
    }

    /// Takes over what was spawned since the last time.
    fn adopt(&mut self) {
        let spawned = std::mem::take(&mut self.runtime.lock().spawned);
        for task in spawned {
            let number = self.next;
            self.next = number.saturating_add(1);
            let waker = self.waker(number);
            self.tasks.insert(number, (task, waker));
        }
    }

    /// A waker for a task that is ready to be polled for the first time.
    fn waker(&self, number: usize) -> Waker {
        let task = Arc::new(Task {
            number,
            queued: AtomicBool::new(false),
            ready: self.ready.clone(),
        });
        task.clone().wake();
        task.into()
    }
}

impl Drop for Executor<'_> {
    fn drop(&mut self) {
        let mut unfinished: Vec<_> = self.tasks.drain().collect();
        unfinished.sort_unstable_by_key(|(number, _)| *number);
        self.runtime
            .lock()
            .spawned
            .extend(unfinished.into_iter().map(|(_, (task, _))| task));
    }
}

/// The tasks that can run, in the order in which they became able to.
#[derive(Default)]
struct Ready {
    queue: Mutex<VecDeque<Arc<Task>>>,
}

impl Ready {
    fn next(&self) -> Option<usize> {
        let task = self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
        task.queued.store(false, Ordering::Relaxed);
        Some(task.number)
    }
}

struct Task {
    number: usize,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            let ready = self.ready.clone();
            ready
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_back(self);
        }
    }
}

#[cfg(test)]
mod tests;
