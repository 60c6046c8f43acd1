use std::future::{pending, poll_fn};
use std::thread;

use futures_util::future::{Either, select};

use super::*;

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(3600);

/// A time that passes only while a thread is parked, and then at once.
#[derive(Clone)]
struct Simulated {
    now: Arc<Mutex<Instant>>,
    start: Instant,
}

impl Simulated {
    fn new() -> Self {
        let start = Instant::now();
        let now = Arc::new(Mutex::new(start));
        Self { now, start }
    }

    fn sleep(&self, duration: Duration) -> Sleep<Self> {
        Sleep::new(self.clone(), duration)
    }

    fn wait(&self, future: impl Future<Output = ()>, limit: Duration) -> bool {
        drive(self, pin!(future), limit)
    }

    fn passed(&self) -> Duration {
        self.now() - self.start
    }
}

impl Time for Simulated {
    fn now(&self) -> Instant {
        *self.now.lock().unwrap()
    }

    fn park(&self, signal: &Signal, limit: Duration) {
        if !std::mem::take(&mut *signal.given.lock().unwrap()) {
            *self.now.lock().unwrap() += limit;
        }
    }
}

#[test]
fn what_does_not_get_ready_is_waited_for_as_long_as_allowed() {
    let time = Simulated::new();
    assert!(!time.wait(pending(), SHORT));
    assert_eq!(time.passed(), SHORT);
    assert!(!time.wait(time.sleep(LONG), SHORT));
    assert_eq!(time.passed(), 2 * SHORT);
    assert!(!time.wait(time.sleep(Duration::MAX), LONG));
    assert_eq!(time.passed(), 2 * SHORT + LONG);
    assert!(!time.wait(pending(), Duration::ZERO));
    assert!(time.wait(async {}, Duration::ZERO));
    assert_eq!(time.passed(), 2 * SHORT + LONG);
}

#[test]
fn a_timer_wakes_when_it_is_due_and_the_first_one_first() {
    let time = Simulated::new();
    assert!(time.wait(time.sleep(SHORT), LONG));
    assert_eq!(time.passed(), SHORT);
    let mut first = None;
    let both = async {
        let both = select(time.sleep(3 * SHORT), time.sleep(2 * SHORT));
        first = Some(matches!(both.await, Either::Right(_)));
    };
    assert!(time.wait(both, LONG));
    assert_eq!((first, time.passed()), (Some(true), 3 * SHORT));
}

/// What is waited for within does not touch the timers around it, and they do not hold it up.
#[test]
fn waiting_within_waiting_has_timers_of_its_own() {
    let time = Simulated::new();
    let within = async {
        assert!(!time.wait(pending(), SHORT));
        assert!(time.wait(time.sleep(SHORT), LONG));
        assert_eq!(time.passed(), 2 * SHORT);
        time.sleep(SHORT).await;
    };
    let mut ended = false;
    let whole = async { ended = matches!(select(pin!(within), time.sleep(LONG)).await, Either::Left(_)) };
    assert!(time.wait(whole, LONG));
    assert!(ended);
    assert_eq!(time.passed(), 3 * SHORT);
}

/// By the system's clock: what another thread does ends the wait long before its limit.
#[test]
fn another_thread_wakes_the_one_that_waits() {
    let (clock, done) = (SystemClock::new(), Arc::new(Mutex::new(false)));
    let mut other = None;
    let told = poll_fn(|context| {
        let (waker, done) = (context.waker().clone(), done.clone());
        if *done.lock().unwrap() {
            return Poll::Ready(());
        }
        other.get_or_insert_with(|| {
            thread::spawn(move || {
                *done.lock().unwrap() = true;
                waker.wake();
            })
        });
        Poll::Pending
    });
    assert!(clock.wait(pin!(told), Duration::MAX));
    other.unwrap().join().unwrap();
}

/// By the system's clock: no limit and no timer passes early, however short it is.
#[test]
fn the_system_s_clock_waits_as_long_as_it_should() {
    let (clock, start, shortest) = (SystemClock::new(), Instant::now(), Duration::from_nanos(1));
    assert!(!clock.wait(pin!(pending()), shortest));
    assert!(clock.wait(clock.sleep(shortest).as_mut(), Duration::MAX));
    assert!(start.elapsed() >= 2 * shortest);
}
